import Bus
import BusProtocol
import Foundation
import Testing
import ZeroMQ

extension EndToEnd {
  /// What busd does with a second one, a full disk and hostile bytes.
  struct DaemonTests {
    @Test func `I29 a second busd on the same directory refuses to start and harms nothing`() async throws {
      let site = try Site()
      let first = try await site.startBusd()
      let second = try site.start("busd", [])
      #expect(try await second.end() == 69)
      #expect(second.text.contains("\(first.id)"), "it names the process: \(second.text)")
      try await site.withClient { client in
        try await client.publish("still_here").stored()
        #expect(try await client.ask("status")["head"] == 1)
      }
    }

    @Test func `I26 a full disk refuses clearly, keeps everything and recovers`() async throws {
      let site = try Site()
      try await site.withSmallDisk(megabytes: 40) { disk in
        try await site.startBusd(["--state-dir", "\(disk)/state", "--segment-mib", "4", "--reserve-mib", "4"])
        try await site.withClient { client in
          try await client.publish("counted", ["number": 0]).stored()
          let ballast = "\(disk)/ballast"
          try Data(count: 30 << 20).write(to: URL(filePath: ballast))
          client.publish("counted", ["number": 1])
          let filler = JSONValue.string(String(repeating: "x", count: 100_000))
          for number in 2...100 {
            client.publish("counted", ["number": number.jsonValue, "filler": filler])
          }
          try await eventually("busd refuses") {
            guard let refused = Int(jsonValue: try await client.ask("status")["counters"]?["events_refused"] ?? .null)
            else {
              return false
            }
            return refused > 0
          }
          try FileManager.default.removeItem(atPath: ballast)
          try await client.publish("last").stored(timeout: .seconds(30))
          #expect(try await client.ask("status")["head"] == 102)
        }
      }
    }

    @Test func `I30 malformed frames are refused with a reason and hurt nobody`() async throws {
      let site = try Site()
      try await site.startBusd()
      let context = try Context()
      let socket = try Socket(.dealer, in: context, options: .clientRequests)
      try socket.connect("ipc://\(site.directory)/run/busd.requests.ipc")
      func exchange(_ frames: [[UInt8]]) async throws -> Reply {
        try await eventually("the message is taken") { try socket.send(Multipart(frames)) == .sent }
        var reply: Reply?
        try await eventually("busd answers") {
          guard let message = try socket.receive() else { return false }
          reply = try Reply(frames: message.frames)
          return true
        }
        return try #require(reply)
      }
      func code(_ reply: Reply) -> String? {
        guard case .refused(_, let refusal) = reply else { return nil }
        return refusal.code
      }
      #expect(code(try await exchange([Array("carry".utf8), Array("{}".utf8), []])) == "no_session")
      guard case .welcome = try await exchange(Request.hello(Hello(role: .service, process: "hostile")).frames) else {
        Issue.record("no welcome")
        return
      }
      #expect(code(try await exchange([Array("nonsense".utf8), Array("{}".utf8)])) == "unknown_verb")
      #expect(code(try await exchange([Array("ask".utf8), Array("{\"request\":1".utf8)])) == "bad_json")
      func refused(_ verb: String, _ json: String, _ bytes: [UInt8]? = nil) async throws -> String? {
        code(try await exchange([Array(verb.utf8), Array(json.utf8)] + (bytes.map { [$0] } ?? [])))
      }
      #expect(try await refused("publish", #"{"request":1,"topic":"a b"}"#, [1]) == "bad_name")
      let long = String(repeating: "t", count: 201)
      #expect(try await refused("publish", #"{"request":1,"topic":"\#(long)"}"#, [1]) == "bad_name")
      #expect(try await refused("publish", #"{"request":1,"topic":"t"}"#, [1]) == "bad_json")
      let nobody = String(repeating: "0", count: 26)
      #expect(
        try await refused("carry", #"{"request":1,"publisher":"\#(nobody)","oldest":1}"#, [1, 2, 3]) == "bad_record")
      #expect(try await refused("ask", #"{"request":1,"about":"everything"}"#) == "unknown_question")
      try await site.withClient { client in
        try await client.publish("still_here").stored()
        #expect(try await client.ask("status")["head"] == 1)
      }
    }

    @Test func `a payload over the limit is refused where it is published`() async throws {
      let site = try Site()
      try await site.startBusd()
      try await site.withClient { client in
        let receipt = client.publish("too_large", ["filler": .string(String(repeating: "x", count: 2 << 20))])
        await #expect(throws: BusError.self) { try await receipt.stored() }
        try await client.publish("fits").stored()
        #expect(try await client.ask("status")["head"] == 1)
      }
    }

    @Test func `a bad topology is refused with its position, and so is an unknown option`() async throws {
      let site = try Site()
      let file = try site.write("version: 1\nengines:\n  shop: { binray: shop }\n", to: "bad.yaml")
      let busd = try site.start("busd", ["--topology", file])
      #expect(try await busd.end() == 65)
      #expect(busd.text.contains("bad.yaml:3:11"))
      #expect(busd.text.contains("did you mean 'binary'?"))
      let unknown = try site.start("busd", ["--nonsense"])
      #expect(try await unknown.end() == 64)
    }
  }
}
