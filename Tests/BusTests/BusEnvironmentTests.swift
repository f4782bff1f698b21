import BusProtocol
import Logging
import Synchronization
import Testing

@testable import Bus

private struct Note: Worker {
  static let engine: Name? = "notes"
  let text: String
  func work(_ run: Run<Void>) async throws {}
}

struct BusEnvironmentTests {
  private let directory: TemporaryDirectory
  private let client: BusClient

  init() throws {
    directory = try TemporaryDirectory()
    client = try BusClient(makeConfiguration(directory), logger: LinesOfLog().logger())
  }

  private func isolated(_ environment: BusEnvironment) throws -> BusClient {
    var configuration = try makeConfiguration(directory, service: "isolated")
    configuration.environment = environment
    return try BusClient(configuration, logger: LinesOfLog().logger())
  }

  @Test func `X16 suppress drops publications, events to come and jobs through one gate, and counts them`()
    async throws
  {
    try await BusEnvironment.with(.suppress) {
      let receipt = client.publish("user_changed", ["id": 42])
      #expect(receipt.taker == .suppressed)
      try await receipt.stored()
      let id = try await client.publish("trial_ended", in: .seconds(60))
      #expect(try await client.withdraw([id]).isEmpty)
      guard case .dropped = try await client.enqueue(Note(text: "a")) else {
        Issue.record("the job was not dropped")
        return
      }
      guard case .dropped = try await client.enqueue("Other", engine: "notes", [:]) else {
        Issue.record("the job was not dropped")
        return
      }
    }
    #expect(client.suppressedCount == 4)
    #expect(client.publish("user_changed").taker == .outbox)
    await client.stop()
    #expect(client.suppressedCount == 4)
  }

  @Test func `QB13 the scope ends with the body, also when it throws, and can be nested`() async throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try BusEnvironment.with(.suppress) {
        BusEnvironment.with(.remote) { #expect(client.publish("inner").taker == .outbox) }
        #expect(client.publish("outer").taker == .suppressed)
        throw Stop()
      }
    }
    #expect(client.publish("after").taker == .outbox)
    await client.stop()
  }

  @Test func `QB13 one task's scope is not another's`() async throws {
    let (opened, open) = AsyncStream<Void>.makeStream()
    let (ended, end) = AsyncStream<Void>.makeStream()
    async let suppressed = BusEnvironment.with(.suppress) {
      open.finish()
      for await _ in ended {}
      return client.publish("mine").taker
    }
    for await _ in opened {}
    #expect(client.publish("yours").taker == .outbox)
    end.finish()
    let taker = await suppressed
    #expect(taker == .suppressed)
    await client.stop()
  }

  @Test func `a client of another environment makes no outbox and needs no busd`() async throws {
    for environment in [BusEnvironment.suppress, .inline(InlineBus())] {
      let client = try isolated(environment)
      client.publish("user_changed")
      await client.stop()
    }
    #expect(directory.names("outbox") == ["shop"])
    await client.stop()
  }

  @Test func `a client without a connection says so instead of losing what is sent to busd`() async throws {
    let client = try isolated(.suppress)
    await BusEnvironment.with(.remote) {
      let receipt = client.publish("user_changed")
      #expect(receipt.taker == .refused)
      let error = await #expect(throws: BusError.self) { try await receipt.stored() }
      #expect(error?.code == "environment")
      let other = await #expect(throws: BusError.self) { try await client.enqueue(Note(text: "a")) }
      #expect(other?.code == "environment")
    }
    let error = await #expect(throws: BusError.self) { _ = try await client.ask("status") }
    #expect(error?.code == "environment")
    #expect(client.refusedEventCount == 1)
  }

  @Test(
    arguments: [
      (nil, "remote"), ("", "remote"), ("remote", "remote"), ("inline", "inline"), ("suppress", "suppress"),
    ])
  func `the environment's variable chooses`(word: String?, expected: String) throws {
    var variables = ["BUS_SERVICE": "shop"]
    variables["BUS_ENVIRONMENT"] = word
    let environment = try BusConfiguration(environment: variables).environment
    #expect(name(of: environment) == expected)
    if case .inline(let bus) = environment { #expect(bus === InlineBus.process) }
  }

  @Test func `a word that is no environment is refused with the next step`() {
    let error = #expect(throws: BusError.self) {
      try BusConfiguration(environment: ["BUS_SERVICE": "shop", "BUS_ENVIRONMENT": "surpress"])
    }
    #expect(error?.code == "configuration")
    #expect(error?.help == "set BUS_ENVIRONMENT to remote, inline or suppress")
  }

  private func name(of environment: BusEnvironment) -> String {
    switch environment {
    case .remote: "remote"
    case .inline: "inline"
    case .suppress: "suppress"
    }
  }
}
