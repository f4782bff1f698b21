public import BusProtocol
internal import Logging

/// A run that failed, as ``Engine/onFailure(_:)`` hears of it.
public struct FailedRun: Hashable, Sendable {
  /// The job.
  public let job: JobID
  /// The worker whose run it was.
  public let worker: Name
  /// The queue from which the job came.
  public let queue: QueueName
  /// Which run of the job it was, from 1.
  public let attempt: Int
  /// What was thrown, or that its time was over; as busd keeps it.
  public let error: String
  /// Whether the job runs again; else it is dead, or was cancelled.
  public let willRetry: Bool
}

/// Tells an engine's own code of runs that failed, one after the other, once busd has stored that they did.
final class FailureReports: Sendable {
  typealias Hook = @Sendable (FailedRun) async throws -> Void

  /// While the hook is busy so many wait for it; more are dropped.
  private static let maximumWaiting = 1000
  /// So long the hook may go on when the process stops; then it is cancelled.
  private static let grace: Duration = .seconds(3)

  private let reports: AsyncStream<FailedRun>.Continuation
  private let telling: Task<Void, Never>
  private let logger: Logger

  init(logger: Logger, _ hook: @escaping Hook) {
    let (stream, continuation) = AsyncStream<FailedRun>.makeStream(
      bufferingPolicy: .bufferingOldest(FailureReports.maximumWaiting))
    reports = continuation
    self.logger = logger
    // Awaited by `end`.
    telling = Task {
      for await failure in stream {
        do { try await hook(failure) } catch {
          logger.warning(
            "onFailure failed", metadata: ["job.id": "\(failure.job)", "error": "\(error)"])
        }
      }
    }
  }

  func add(_ failure: FailedRun) {
    guard case .dropped = reports.yield(failure) else { return }
    logger.warning("onFailure is too slow: a failure was not told", metadata: ["job.id": "\(failure.job)"])
  }

  /// Returns when all is told, or the hook was cancelled.
  func end() async {
    reports.finish()
    let telling = telling
    // Nobody awaits it: what it cancels is long done when all went well.
    let limit = Task {
      do { try await ContinuousClock().sleep(for: FailureReports.grace) } catch { return }
      telling.cancel()
    }
    await telling.value
    limit.cancel()
  }
}
