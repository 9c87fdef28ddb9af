// A certificate for 127.0.0.1 that signs itself, where the machine has OpenSSL.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TlsOptions } from 'corebuf-broker';
import { newFolder } from '../clients/broker';

export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

export interface Certificate {
  readonly tls: TlsOptions;
  readonly keyPath: string;
  readonly certPath: string;
}

export function makeCertificate(): Certificate {
  const folder = newFolder();
  const [keyPath, certPath] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyPath];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  execFileSync('openssl', ['req', '-x509', ...key, '-out', certPath, '-days', '2', ...subject], { stdio: 'ignore' });
  return { tls: { key: readFileSync(keyPath), cert: readFileSync(certPath) }, keyPath, certPath };
}
