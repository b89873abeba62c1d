/* Run by Node, once, when the runtime is fetched: Python of live pages runs a program of ours.

     node compile.mjs RUNTIME WORK PROGRAM

   RUNTIME is the folder of the runtime; WORK is the program's folder /work, with the runtime's lock. */

import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const [runtime, work, program] = process.argv.slice(2);
const {loadPyodide} = await import(pathToFileURL(`${runtime}/pyodide.mjs`));
const python = await loadPyodide({indexURL: runtime, lockFileURL: `${work}/pyodide-lock.json`, packages: ["numpy"]});
python.mountNodeFS("/work", work);
python.runPython(readFileSync(program, "utf8"));
