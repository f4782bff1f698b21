import BusProtocol
import Testing

@testable import BusCommand

struct LoadWatchTests {
  @Test func `S1-3 an engine's load is its oldest ready job, of the queues that may run`() throws {
    let now = try Timestamp("2026-01-02T03:04:05Z")
    let queues: [JSONValue] = [
      ["queue": "mail/default", "oldest_ready_at": "2026-01-02T03:04:00Z", "pause": .null],
      ["queue": "mail/bulk", "oldest_ready_at": "2026-01-02T03:03:05Z"],
      ["queue": "mail/held", "oldest_ready_at": "2026-01-01T00:00:00Z", "pause": ["kind": "pause"]],
      ["queue": "search/default", "oldest_ready_at": .null],
      ["queue": "ahead/default", "oldest_ready_at": "2026-01-02T03:05:00Z"],
      ["queue": "odd/default", "oldest_ready_at": "yesterday"], ["queue": "no name"], 7,
    ]
    let loads = LoadWatch.loads(queues, now: now)
    #expect(
      loads == [
        "mail": .seconds(60), "search": .zero, "ahead": .zero, "odd": .zero,
      ])
  }
}
