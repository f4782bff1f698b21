internal import Bus
internal import BusProtocol
internal import BusSupervisor

/// What a supervisor tells the bus about its processes: into this machine's outbox, whether busd is there or not.
///
/// Nothing is opened before there is something to tell: most supervisors never have.
struct AlertOutlet: Sendable {
  /// The most that wait while the outbox is opened; of more the oldest are given up.
  private static let maximumCount = 256
  /// How long an end waits for busd; what it has not taken then stays in the outbox for the next process.
  private static let flushTime = Duration.seconds(1)

  private let environment: [String: String]
  private let alerts: AsyncStream<SupervisorAlert>
  private let feed: AsyncStream<SupervisorAlert>.Continuation

  init(_ environment: [String: String]) {
    self.environment = environment
    (alerts, feed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(AlertOutlet.maximumCount))
  }

  /// Takes an alert and returns at once.
  func send(_ alert: SupervisorAlert) { feed.yield(alert) }

  /// Nothing more will come.
  func end() { feed.finish() }

  /// Publishes what comes until the end.
  func run() async {
    var client: BusClient?
    for await alert in alerts {
      do {
        let open = try client ?? opened()
        client = open
        open.publish(try Topic(alert.kind.rawValue), alert.data)
      } catch {
        Output.say("\(alert.kind.rawValue) of \(alert.engine) was not published: \(error)")
      }
    }
    await client?.stop()
  }

  private func opened() throws -> BusClient {
    var environment = environment
    // The outbox of all 'bus' commands; a tool speaks with busd, whatever the engines are told.
    environment["BUS_SERVICE"] = "bus"
    environment["BUS_ENVIRONMENT"] = nil
    var configuration = try BusConfiguration(environment: environment)
    configuration.source = "bus work"
    configuration.flushTime = AlertOutlet.flushTime
    return try BusClient(configuration, logger: QuietLogger.make())
  }
}
