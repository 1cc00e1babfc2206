/** Gives the cores' TypeScript twins the casts of AssemblyScript's portable library. */
import 'assemblyscript/std/portable/index.js';
