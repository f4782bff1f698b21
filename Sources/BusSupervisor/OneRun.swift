/// Runs a program once, to its end: no restarts.
public enum OneRun {
  /// Starts it and waits; each line that it writes is handed on.
  public static func run(
    _ definition: ProcessDefinition, environment: [String: String], line: @escaping @Sendable (String) -> Void
  ) async -> ProcessEnd {
    let all = environment.merging(definition.environment) { $1 }
    return await ChildProcess(definition, environment: all).run(line: line, launched: { _ in })
  }
}
