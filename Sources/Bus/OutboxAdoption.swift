internal import BusProtocol
internal import Logging
internal import ZeroMQ

/// Takes over the outboxes that dead processes of the same service left, carries them under their own publishers' ids,
/// and removes each once busd has all of it. On the link's thread: opening one may mean reading it through.
actor OutboxAdoption {
  nonisolated var unownedExecutor: UnownedSerialExecutor { link.unownedExecutor }

  /// How often it looks.
  static let interval: Duration = .seconds(60)
  /// The most that are carried at a time: each may have a window full of messages on its way. The others come after.
  static let limit = 8

  private nonisolated let shelf: OutboxShelf
  private nonisolated let link: Link
  private let logger: Logger
  private var carriers: [OutboxCarrier] = []
  /// Whether the last look left some for later.
  private var isMoreLeft = false
  private var nextLook: TimerID?
  private var isEnded = false

  init(_ shelf: OutboxShelf, link: Link, logger: Logger) {
    self.shelf = shelf
    self.link = link
    self.logger = logger
  }

  /// Looks now, and from now on regularly.
  nonisolated func start() { link.thread.perform { self.assumeIsolated { $0.look() } } }

  private func look() {
    guard !isEnded else { return }
    let (orphans, isMoreLeft) = shelf.orphans(limit: OutboxAdoption.limit - carriers.count, logger: logger)
    self.isMoreLeft = isMoreLeft
    for orphan in orphans { adopt(orphan) }
    if let nextLook { link.thread.cancel(nextLook) }
    nextLook = link.thread.schedule(at: .now + OutboxAdoption.interval) { self.assumeIsolated { $0.look() } }
  }

  private func adopt(_ orphan: Outbox) {
    logger.notice("an outbox was adopted", metadata: ["directory": "\(orphan.directory)"])
    if orphan.lostEvents {
      logger.error(
        "events behind a damaged place of an outbox are lost: a power cut, or a broken disk",
        metadata: ["directory": "\(orphan.directory)", "last": "\(orphan.head)"])
    }
    let carrier = OutboxCarrier(orphan, link: link, logger: logger) { self.assumeIsolated { $0.releaseCarried() } }
    carriers.append(carrier)
    carrier.wake()
  }

  /// busd has all of one of them.
  private func releaseCarried() {
    for carrier in carriers where carrier.outbox.isEmpty { close(carrier) }
    carriers.removeAll { $0.outbox.isEmpty }
    if isMoreLeft { look() }
  }

  private func close(_ carrier: OutboxCarrier) {
    do { try carrier.assumeIsolated { try $0.end() } } catch {
      logger.error(
        "an outbox was not closed", metadata: ["directory": "\(carrier.outbox.directory)", "error": "\(error)"])
    }
  }

  /// Lets all of them go: what they still hold is for the next process.
  func end() {
    isEnded = true
    for carrier in carriers { close(carrier) }
    carriers = []
  }
}
