internal import BusSupervisor

/// The signals that end a command, with the error in the words of the command line.
enum Signals {
  static func taken() throws(CommandError) -> StopSignals {
    do { return try StopSignals() } catch {
      throw CommandError(.system, error.message, where: "bus", help: error.help)
    }
  }
}
