internal import BusSupervisor

/// The signals that end a command, with the error in the words of the command line.
enum Signals {
  static func taken(
    hangup: StopSignals.Hangup = .end, resuming handover: Handover? = nil
  ) throws(CommandError) -> StopSignals {
    do { return try StopSignals(hangup: hangup, resuming: handover) } catch {
      throw CommandError(.system, error.message, where: "bus", help: error.help)
    }
  }
}
