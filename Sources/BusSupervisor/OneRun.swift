/// Runs a program once, to its end: no restarts.
public enum OneRun {
  /// Starts it and waits; each line that it writes is handed on, and it reads the input, where there is one.
  ///
  /// When the task is cancelled the program is told to end, and killed after its definition's grace.
  public static func run(
    _ definition: ProcessDefinition, environment: [String: String], input: [UInt8]? = nil,
    line: @escaping @Sendable (String) -> Void
  ) async -> ProcessEnd {
    var launch = Launch(definition, environment: environment.merging(definition.environment) { $1 })
    launch.input = input
    let child = ChildProcess(launch)
    return await withTaskCancellationHandler {
      await child.run(ChildProcess.Listener(line: line))
    } onCancel: {
      child.signal(.terminate)
      let grace = definition.grace
      // Nobody waits for it: it ends with the sleep, and what it kills is long gone when all went well.
      Task {
        do { try await ContinuousClock().sleep(for: grace) } catch { return }
        child.signal(.kill)
      }
    }
  }

  /// Has a guard end what this process leaves behind when it is killed.
  public static func guardProcesses(grace: Duration) { ProcessGuard.start(grace: grace) }
}
