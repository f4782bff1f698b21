import Bus
import BusProtocol
import Foundation
import Testing

extension EndToEnd {
  /// Events that are published later.
  struct AnnouncementTests {
    private func now() -> Timestamp { Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }

    @Test func `QB2 an event comes when it is due and not before, under its id, whatever becomes of busd`() async throws
    {
      let site = try Site()
      try await site.startBusd()
      try await site.withClient { client in
        let due = now() + .seconds(6)
        let id = try await client.publish("trial_ended", ["number": 1], at: due)
        let unwanted = try await client.publish("trial_ended", ["number": 2], at: due)
        try await client.publish("trial_ended", ["number": 3], in: .seconds(3600))
        try await site.killBusd()
        try await site.startBusd()
        let listed = try await client.ask("announcements")["announcements"]
        guard case .array(let list)? = listed else { throw CancellationError() }
        #expect(list.map { $0["data"]?["number"] } == [1, 2, 3])
        #expect(try await client.withdraw([unwanted, unwanted]) == [unwanted])
        var first: Event?
        for try await event in client.events(["trial_ended"], from: .beginning) {
          first = event
          break
        }
        let event = try #require(first)
        #expect(event.id == id)
        #expect(try event["number"] == 1)
        #expect(
          event.recordedAt >= due && event.recordedAt < due + .milliseconds(500), "\(event.recordedAt - due) late")
        #expect(event.headers.source == client.configuration.source)
        try await eventually("it is forgotten") {
          try await client.ask("announcements")["announcements"].map { $0.text.contains("\"number\":1") } == false
        }
        #expect(try await client.withdraw([id]).isEmpty)
        #expect(try await client.ask("status")["head"] == 1)
      }
    }

    @Test func `QB2 the command line announces, lists and takes back`() async throws {
      let site = try Site()
      try await site.startBusd()
      let announced = try await site.bus("publish", "trial_ended", "{\"id\":42}", "--delay", "1h", "--json")
      #expect(announced.code == 0, "\(announced.text)")
      let id = try #require(try JSONParser.parse(Array(announced.text.utf8))["id"].flatMap(EventID.init(jsonValue:)))
      let listed = try await site.bus("announcements")
      #expect(listed.code == 0 && listed.text.contains(id.description) && listed.text.contains("{\"id\":42}"))
      #expect(try await site.bus("announcements", "rm", id.description).code == 0)
      let again = try await site.bus("announcements", "rm", id.description)
      #expect(again.code == 4 && again.text.contains("there is no event \(id) to come"))
      #expect(try await site.bus("publish", "a", "--at", "nonsense").code == 64)
      #expect(try await site.bus("publish", "a", "--at", "09:30", "--delay", "1h").code == 64)
    }
  }
}
