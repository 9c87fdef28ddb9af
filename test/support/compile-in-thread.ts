// For programs that end shards by the hundred. Node 20 has been seen to abort, with no frame of ours, when a worker ended while V8 still
// compiled for it in another thread (NodePlatform::ForIsolate, "(data.first) != nullptr"): with this it compiles in the worker's own.
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-concurrent-recompilation');
