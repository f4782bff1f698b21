internal import BusProtocol
internal import Synchronization

/// What happened since busd started, counted; shared by the loops.
final class Counters: Sendable {
  enum Name: String, CaseIterable, Sendable {
    case eventsStored = "events_stored"
    case eventsRepeated = "events_repeated"
    case eventsRefused = "events_refused"
    case intakeMalformed = "intake_malformed"
    case intakeDropped = "intake_dropped"
    case requestsRefused = "requests_refused"
    case requestsPutOff = "requests_put_off"
    case eventsAnnounced = "events_announced"
    case jobsEnqueued = "jobs_enqueued"
    case jobsMerged = "jobs_merged"
    case jobsParked = "jobs_parked"
    case jobsRefused = "jobs_refused"
    case jobsClaimed = "jobs_claimed"
    case jobsFinished = "jobs_finished"
    case resultsStale = "results_stale"
    case notesStale = "notes_stale"
    case leasesEnded = "leases_ended"
    case denied = "denied"
    case signaturesRefused = "signatures_refused"
    case sessionsOpened = "sessions_opened"
    case sessionsClosed = "sessions_closed"
    case sessionsRefused = "sessions_refused"
    case letters = "letters_sent"
    case lettersUndelivered = "letters_undelivered"
  }

  private let values = Mutex<[Name: UInt64]>([:])

  /// Counts.
  func add(_ count: Int = 1, to name: Name) {
    guard count > 0 else { return }
    values.withLock { $0[name, default: 0] += UInt64(count) }
  }

  /// One of them.
  subscript(name: Name) -> UInt64 { values.withLock { $0[name] ?? 0 } }

  /// All of them, also those at zero.
  var json: JSONValue {
    let values = values.withLock { $0 }
    return .object(
      JSONObject(Name.allCases.map { JSONObject.Member($0.rawValue, (values[$0] ?? 0).jsonValue) }))
  }
}
