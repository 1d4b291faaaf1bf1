// One program in the foreground: its stdio is ours, our signals are its, and its exit code becomes ours.
import { spawn } from "node:child_process";
import { isatty } from "node:tty";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Runs the program and ends this process as it ends. Returns the program. Where it ends with the code `again`, it is
 * started again, and `started` gets each.
 */
export function become(command, args, { stdio = "inherit", again, started = () => {} } = {}) {
  let child = run();
  for (const signal of SIGNALS) {
    // Ctrl-C reaches every program of a terminal; passed on, it would come twice.
    process.on(signal, () => (signal === "SIGINT" && isatty(0)) || child.kill(signal));
  }
  // A shell between the package manager and us dies of a signal without passing it on: then we get a new parent.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) child.kill("SIGTERM");
  }, 200).unref();
  return child;

  function run() {
    const program = spawn(command, args, { stdio });
    program.on("error", (error) => {
      console.error(`${command} cannot be run: ${error.message}`);
      process.exitCode = 1;
    });
    program.on("exit", (code, signal) => {
      if (again !== undefined && code === again) {
        child = run();
        return;
      }
      if (signal === null) process.exit(code);
      for (const each of SIGNALS) process.removeAllListeners(each);
      process.kill(process.pid, signal);
    });
    started(program);
    return program;
  }
}
