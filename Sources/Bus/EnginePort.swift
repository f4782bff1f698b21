internal import BusProtocol

/// What an engine needs of the connection to busd: a seam, so that its runners are tested without sockets.
///
/// None of these calls back before it returns: the runners call them while they hold their locks.
struct EnginePort: Sendable {
  /// Sends a request until it is answered; a lost answer means that busd may see it twice.
  var request: @Sendable (EngineRequest, @escaping @Sendable (Result<Reply, Refusal>) -> Void) -> Void
  /// Says what has no answer to wait for, in order. What is said while there is no session is dropped: a session that
  /// begins asks for all of it anew.
  var say: @Sendable (Request) -> Void
  /// Reads the events behind an offset whose topics match, gap-free, for ever: a stretch each time it is called.
  var follow: @Sendable (_ patterns: [TopicPattern], _ after: Offset) -> EventFollower
}

extension EnginePort {
  /// Says that this process would run these subscriptions, until busd has heard it.
  func wish(_ wishes: [SubscriptionWish]) { insist(.subscribe(wishes)) }

  /// Says which schedules this process's binary declares, all of them, until busd has heard it.
  func declare(_ schedules: [ScheduleWish]) { insist(.declare(schedules)) }

  private func insist(_ wish: EngineRequest) {
    request(wish) { answer in
      guard case .failure(let refusal) = answer else { return }
      // Nobody awaits it: it ends when busd has heard, and what it says may be said twice.
      Task {
        do { try await Task.sleep(for: refusal.retryAfter ?? .seconds(1)) } catch { return }
        insist(wish)
      }
    }
  }
}

/// A request that gets its number from the connection.
enum EngineRequest: Hashable, Sendable {
  case subscribe([SubscriptionWish])
  /// All schedules of the binary.
  case declare([ScheduleWish])
  case commit(Commit)
  case finish([JobResult])
  case note([JobNote])

  func numbered(_ request: UInt64) -> Request {
    switch self {
    case .subscribe(let wishes): .subscribe(request: request, subscriptions: wishes)
    case .declare(let schedules): .subscribe(request: request, subscriptions: [], schedules: schedules)
    case .commit(let commit): .commit(request: request, commit: commit)
    case .note(let notes): .note(request: request, notes: notes)
    case .finish(let results): .finish(request: request, results: results)
    }
  }
}

/// The events of a stretch of the spool that somebody wanted, complete and in order.
struct EventStretch: Sendable {
  /// Events up to here were handed on before, and nothing was wanted between them and those of this stretch.
  var after: Offset
  /// Everything up to here was looked at.
  var through: Offset
  /// What was wanted.
  var events: [Event]
  /// Offsets in it that are no longer kept.
  var missing: ClosedRange<UInt64>?
}

/// Waits for the next stretch; called again only when the last one is done with.
typealias EventFollower = @Sendable () async throws -> EventStretch
