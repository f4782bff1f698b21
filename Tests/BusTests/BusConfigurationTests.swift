import BusProtocol
import Testing

@testable import Bus

struct BusConfigurationTests {
  @Test func `the environment says where busd is, who the service is, and where its outboxes go`() throws {
    let configuration = try BusConfiguration(
      environment: [
        "BUS_ENDPOINT": "tcp://127.0.0.1:7070", "BUS_SERVICE": "shop", "BUS_STATE_DIR": "/srv/bus",
      ])
    #expect(configuration.endpoint == "tcp://127.0.0.1:7070")
    #expect(configuration.service == "shop")
    #expect(configuration.source.hasPrefix("shop/"))
    #expect(configuration.process.hasPrefix("shop@"))
    #expect(configuration.outboxDirectory == "/srv/bus/outbox")
    #expect(configuration.maximumOutboxByteCount == 256 << 20)
    #expect(!configuration.syncsOutbox)
  }

  @Test(arguments: [
    ["BUS_ENDPOINT": "tcp://bus.example:7070"], ["BUS_ENDPOINT": "tcp://10.0.0.1:7070"],
    ["BUS_KEY_FILE": "/nowhere/a.key"], ["BUS_SERVER_KEY": "/nowhere/busd.pub"],
    ["BUS_KEY_FILE": "/nowhere/a.key", "BUS_SERVER_KEY": "/nowhere/busd.pub"],
  ])
  func `another machine needs keys, and keys go in pairs of files that are there`(environment: [String: String]) {
    let error = #expect(throws: BusError.self) { try BusConfiguration(environment: environment) }
    #expect(error?.code == "configuration" && error?.help != nil)
  }

  @Test func `a live endpoint of all addresses is reached where busd is`() {
    let far = "tcp://bus.example:5570"
    #expect(LivePlace.reachable("tcp://0.0.0.0:5571", from: far) == "tcp://bus.example:5571")
    #expect(LivePlace.reachable("tcp://10.0.0.1:5571", from: far) == "tcp://10.0.0.1:5571")
    #expect(LivePlace.reachable("ipc:///run/live", from: "ipc:///run/requests") == "ipc:///run/live")
    #expect(LivePlace.reachable("", from: far) == "")
  }

  @Test func `the service's name is the environment's, else the caller's, else the program's`() throws {
    #expect(try BusConfiguration(environment: ["BUS_SERVICE": "a"], service: "b").service == "a")
    #expect(try BusConfiguration(environment: ["BUS_SERVICE": ""], service: "b").service == "b")
    #expect(try !BusConfiguration(environment: [:]).service.isEmpty)
  }

  @Test(arguments: ["with space", "a/b", "../up", String(repeating: "x", count: 201)])
  func `a service's name that is none is refused with the next step`(name: String) {
    let error = #expect(throws: BusError.self) { try BusConfiguration(environment: ["BUS_SERVICE": name]) }
    #expect(error?.code == "configuration")
    #expect(error?.help == "set BUS_SERVICE")
  }

  @Test func `a socket's path is 107 bytes at most`() throws {
    func endpoint(of length: Int) throws -> String {
      let directory = "/" + String(repeating: "r", count: length - "/busd.requests.ipc".utf8.count - 1)
      return try BusConfiguration(environment: ["BUS_RUNTIME_DIR": directory, "BUS_SERVICE": "shop"]).endpoint
    }
    #expect(try endpoint(of: 107).utf8.count == 107 + "ipc://".utf8.count)
    let error = #expect(throws: BusError.self) { try endpoint(of: 108) }
    #expect(error?.message.contains("108 bytes") == true)
    #expect(error?.help == "use a shorter BUS_RUNTIME_DIR")
  }

  @Test(
    arguments: [
      (["BUS_RUNTIME_DIR": "/a", "XDG_RUNTIME_DIR": "/b"], 0, "/a"), (["XDG_RUNTIME_DIR": "/b"], 0, "/b/bus"),
      ([:], 0, "/run/bus"), ([:], 1000, "/tmp/bus-1000"), (["BUS_RUNTIME_DIR": ""], 1000, "/tmp/bus-1000"),
    ] as [([String: String], UInt32, String)])
  func `sockets go to the runtime directory`(environment: [String: String], user: UInt32, expected: String) {
    let directories = BusDirectories(environment: environment, userID: user)
    #expect(directories.runtime == expected)
    #expect(directories.requestsEndpoint == "ipc://\(expected)/busd.requests.ipc")
    #expect(directories.liveEndpoint == "ipc://\(expected)/busd.live.ipc")
    #expect(directories.intakeEndpoint == "ipc://\(expected)/busd.intake.ipc")
  }

  @Test(
    arguments: [
      (["BUS_STATE_DIR": "/a", "XDG_STATE_HOME": "/b"], 0, "/a"), (["XDG_STATE_HOME": "/b"], 0, "/b/bus"),
      ([:], 0, "/var/lib/bus"), (["HOME": "/home/ada"], 1000, "/home/ada/.local/state/bus"),
      ([:], 1000, "/tmp/bus-1000/state"),
    ] as [([String: String], UInt32, String)])
  func `what is kept goes to the state directory`(environment: [String: String], user: UInt32, expected: String) {
    #expect(BusDirectories(environment: environment, userID: user).state == expected)
  }
}
