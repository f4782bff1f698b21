import Bus
import BusProtocol
import Foundation

/// The engine whose processes the runner starts and kills.
enum ProofEngine {
  /// No run has a larger number.
  static let maximumAttempts = 20

  static func main() async { await engine.main() }

  private static let engine = Engine("proof", services: History()) {
    Subscription("proof", from: .beginning) { event in
      Apply(event: try event["event"])
      Refresh(key: try event["key"])
    }
    Workers(Hold.self)
  }

  static var retry: RetryPolicy { RetryPolicy(attempts: maximumAttempts, base: .milliseconds(50), jitter: .none) }
}

/// Never merged: one job to each event.
struct Apply: Worker {
  static var retry: RetryPolicy? { ProofEngine.retry }
  let event: UInt64

  func work(_ run: Run<History>) async throws {
    run.services.write("A", event, run.job.low, UInt64(run.attempt), History.stamp)
    run.services.write("B", event, run.job.low, UInt64(run.attempt), History.stamp)
  }
}

/// Held until its process is killed; the next run ends at once.
struct Hold: Worker {
  static var retry: RetryPolicy? { ProofEngine.retry }
  let number: UInt64

  func work(_ run: Run<History>) async throws {
    run.services.write("H", number, UInt64(run.attempt), UInt64(getpid()), History.stamp)
    if run.attempt == 1 { try await Task.sleep(for: .seconds(600)) }
  }
}

/// One waits, one runs: the truth of a key is looked up anew.
struct Refresh: Worker {
  static var retry: RetryPolicy? { ProofEngine.retry }
  let key: UInt64
  var queueLock: LockKey? { LockKey(Int(key)) }
  var workerLock: LockKey? { LockKey(Int(key)) }

  func work(_ run: Run<History>) async throws {
    let begin = History.stamp
    run.services.write("R", key, run.job.low, UInt64(run.attempt), begin)
    try await Task.sleep(for: .milliseconds(1))
    run.services.write("S", key, run.job.low, begin, History.stamp)
  }
}
