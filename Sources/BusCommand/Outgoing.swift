internal import Bus
internal import BusProtocol

/// Events on their way out: into this machine's outbox, and from there to busd's disk.
struct Outgoing: Sendable {
  private let client: BusClient
  private let unreachable: String?
  private let configuration: BusConfiguration

  /// Opens an outbox, busd or not.
  init(_ options: ConnectionOptions, source: String?) throws(CommandError) {
    var configuration = try Connection.configuration(options)
    if let source { configuration.source = source }
    unreachable = EndpointProbe.reasonUnreachable(configuration.endpoint)
    self.configuration = configuration
    do { client = try BusClient(configuration, logger: QuietLogger.make()) } catch {
      throw CommandError(
        .system, error.message, where: configuration.outboxDirectory,
        help: error.help ?? "set BUS_STATE_DIR to a directory that you may write")
    }
  }

  /// Puts an event into the outbox.
  func publish(_ topic: Topic, _ data: JSONObject) throws(CommandError) -> Receipt {
    let refused = client.refusedEventCount
    let receipt = client.publish(topic, data)
    guard client.refusedEventCount == refused else {
      throw CommandError(
        .badData, "the event \(topic) was not kept: it is too large, or the outbox is full",
        where: configuration.outboxDirectory, help: "publish ids, not documents; look whether busd runs: bus queues")
    }
    return receipt
  }

  /// Returns when all up to the receipt is on busd's disk; throws when that is not known in time.
  func confirm(_ receipt: Receipt, count: Int, timeout: Duration) async throws {
    // Waiting for somebody who is known not to be there only costs time.
    guard unreachable == nil else { throw unconfirmed(count, "busd cannot be reached") }
    do {
      try await Awaited.saying("still waiting for busd at \(configuration.endpoint) to confirm") {
        try await receipt.stored(timeout: timeout)
      }
    } catch {
      if let error = error as? BusError, error.code == "denied" {
        // It was set aside: the outbox has nothing left to send.
        await client.stop()
        throw CommandError(
          .refused, error.message, where: "\(configuration.outboxDirectory)/\(configuration.service)/denied.jsonl",
          help: error.help ?? "see 'bus auth check'")
      }
      throw unconfirmed(count, "busd has not confirmed it within \(Brief.duration(timeout))")
    }
  }

  /// Ends the client; what is still in the outbox stays there.
  func close() async { await client.stop() }

  private func unconfirmed(_ count: Int, _ why: String) -> CommandError {
    let reason = unreachable.map { " at \(configuration.endpoint): \($0)" } ?? ""
    let what = count == 1 ? "the event is" : "\(count) events are"
    return CommandError(
      .unconfirmed, "\(what) kept here only, \(why)\(reason)",
      where: "\(configuration.outboxDirectory)/\(configuration.service)",
      help: "nothing is lost: the next 'bus publish' sends it. Start busd with 'busd' or 'bus dev'")
  }
}
