internal import BusProtocol

/// How a state stands in the tables. The order carries the indexes' conditions: up to 3 a job waits, from 6 on it
/// is history, which retention may forget.
extension JobState {
  var code: Int64 {
    switch self {
    case .scheduled: 0
    case .ready: 1
    case .blocked: 2
    case .parked: 3
    case .running: 4
    case .dead: 5
    case .done: 6
    case .notNeeded: 7
    case .merged: 8
    case .cancelled: 9
    case .expired: 10
    }
  }

  init(code: Int64) throws {
    guard let state = JobState.allCases.first(where: { $0.code == code }) else {
      throw StoreError(.corrupt, "a job is in state \(code), which this version does not know: restore from a backup")
    }
    self = state
  }

  /// Finished jobs that retention may forget; their number is not kept per state.
  var isHistory: Bool { code >= 6 }
}
