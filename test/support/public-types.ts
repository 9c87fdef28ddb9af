// The public types as text, one for each export of an entry of the package: declarations without their comments, and of classes and
// interfaces all members that this package declares, inherited ones included, by name.
import { join } from 'node:path';
import ts from 'typescript';

const dist = join(__dirname, '../../dist');
const printer = ts.createPrinter({ removeComments: true });

export interface PublicType {
  readonly name: string;
  readonly text: string;
}

/** The exports of dist/<entry>.d.ts. */
export function publicTypes(entry: string): PublicType[] {
  const index = join(dist, `${entry}.d.ts`);
  const program = ts.createProgram([index], { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, types: ['node'], skipLibCheck: true });
  const checker = program.getTypeChecker();
  const source = checker.getSymbolAtLocation(program.getSourceFile(index)!)!;
  return checker
    .getExportsOfModule(source)
    .map((symbol) => ({ name: symbol.name, text: textOf(checker, symbol) }))
    .sort(byName);
}

function textOf(checker: ts.TypeChecker, exported: ts.Symbol): string {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  return (symbol.declarations ?? [])
    .map((declaration) => (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration) ? withMembers(checker, symbol, declaration) : printed(declaration)))
    .join('\n');
}

function withMembers(checker: ts.TypeChecker, symbol: ts.Symbol, declaration: ts.ClassDeclaration | ts.InterfaceDeclaration): string {
  const own = ts.isClassDeclaration(declaration) ? checker.getTypeOfSymbol(symbol).getProperties() : [];
  const inherited = checker.getDeclaredTypeOfSymbol(symbol).getProperties();
  const constructors = ts.isClassDeclaration(declaration) ? declaration.members.filter(ts.isConstructorDeclaration).map(printed) : [];
  const members = [...own.sort(byName), ...inherited.sort(byName)].flatMap((member) => (member.declarations ?? []).filter(isOurs).map(printed));
  return `${headOf(declaration)} {\n${[...constructors, ...members].map(indented).join('\n')}\n}`;
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

/** Without its members. */
function headOf(declaration: ts.ClassDeclaration | ts.InterfaceDeclaration): string {
  return printed(declaration).split(' {')[0]!;
}

function isOurs(declaration: ts.Declaration): boolean {
  const { name } = declaration as ts.NamedDeclaration;
  return declaration.getSourceFile().fileName.startsWith(dist) && !(name !== undefined && ts.isPrivateIdentifier(name));
}

function printed(declaration: ts.Node): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  return printer.printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile());
}

function indented(text: string): string {
  return text.replace(/^/gm, '    ');
}
