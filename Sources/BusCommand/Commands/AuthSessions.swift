internal import ArgumentParser
internal import BusProtocol

/// `bus auth sessions`
struct AuthSessions: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sessions", abstract: "Show who is connected to busd, and as whom.",
    usage: "bus auth sessions [<options>]",
    discussion: """
      The principal is the name of the key that a process came with; 'local' came \
      over a socket file, without one.

      EXAMPLE  bus auth sessions --json
      """)

  @OptionGroup var output: OutputOptions
  @OptionGroup var connection: ConnectionOptions

  func run() async throws {
    let output = output
    try await Connection.with(connection) { bus in
      let sessions = try await bus.list("sessions")
      guard !output.json else { return try sessions.forEach { try Output.write(json: $0) } }
      try Output.write(
        lines: AuthSessions.lines(sessions, paint: output.terminal.paint, columns: output.terminal.columns))
    }
  }

  /// The table.
  static func lines(_ sessions: [JSONValue], paint: Paint, columns: Int?) -> [String] {
    var table = Columns([("PRINCIPAL", .left), ("ROLE", .left), ("PROCESS", .left), ("ENGINE", .left)])
    for session in sessions {
      table.add(
        ["principal", "role", "process", "engine"].map { .init(Printable.line(session.string($0) ?? "-")) })
    }
    return table.lines(paint: paint, terminalColumns: columns)
  }
}
