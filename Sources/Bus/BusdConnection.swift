internal import BusProtocol
internal import BusSpool
internal import Logging
internal import ZeroMQ

/// What a client has of busd: the link, and the outbox with what carries it there.
///
/// A class: each publication takes it in hand, and a copy of its parts would cost as much as the rest.
final class BusdConnection: Sendable {
  let link: Link
  private let outbox: Outbox
  private let carrier: OutboxCarrier
  private let adoption: OutboxAdoption
  private let configuration: BusConfiguration
  private let logger: Logger
  /// The most data of one event, as busd said last.
  private let payload: PayloadLimit

  /// Opens the outbox and begins to connect; busd need not be there.
  init(_ configuration: BusConfiguration, hello: Hello, logger: Logger) throws(BusError) {
    let shelf = OutboxShelf(configuration)
    outbox = try shelf.make()
    do {
      link = try Link(
        endpoint: configuration.endpoint, hello: hello, keys: configuration.keys, logger: logger,
        random: configuration.random)
    } catch { throw BusError(code: "socket", error.message, help: "raise the limit of open files") }
    let payload = PayloadLimit()
    self.payload = payload
    carrier = OutboxCarrier(outbox, link: link, logger: logger)
    adoption = OutboxAdoption(shelf, link: link, logger: logger)
    self.configuration = configuration
    self.logger = logger
    link.onThread { link in
      _ = link.listen { event in if case .up(let welcome) = event { payload.set(welcome.payload) } }
    }
    link.start()
    adoption.start()
  }

  /// Puts an event into the outbox; nothing here waits for the network.
  func publish(_ topic: Topic, _ bytes: [UInt8]) throws(BusError) -> Receipt {
    try payload.check(topic, bytes)
    do {
      let (id, sequence) = try outbox.append(
        topic, data: bytes, context: .current, source: configuration.source, now: configuration.now())
      carrier.wake()
      return Receipt(id: id, place: .outbox(carrier, sequence))
    } catch { throw BusError(code: error.code.rawValue, error.message) }
  }

  /// Carries what is left, as far as that goes, says goodbye and ends.
  func stop() async {
    await flush(by: .now + configuration.flushTime)
    await adoption.end()
    do { try await carrier.end() } catch {
      logger.error("the outbox was not closed", metadata: ["directory": "\(outbox.directory)", "error": "\(error)"])
    }
    await link.end()
  }

  private func flush(by deadline: ContinuousClock.Instant) async {
    guard !outbox.isEmpty else { return }
    let (carrier, sequence) = (carrier, outbox.head.rawValue)
    // In a task of its own, awaited here: the caller's may be cancelled, which is no reason to leave events behind.
    _ = await Task { await carrier.stored(sequence, by: deadline) }.value
  }
}
