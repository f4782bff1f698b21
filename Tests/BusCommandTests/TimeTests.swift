import BusProtocol
import Testing

@testable import BusCommand

struct TimeTests {
  static func at(_ text: String) -> Timestamp {
    do { return try Timestamp(text) } catch { preconditionFailure("\(error)") }
  }

  static let now = at("2026-01-31T08:30:15.250000Z")
  /// Two hours east.
  static let zone: Zone = { _ in 7200 }

  static func word(_ text: String, _ direction: TimeWord.Direction = .past) -> TimeWord? {
    TimeWord(text, now: now, zone: zone, direction: direction)
  }

  @Test func `words are moments seen from now and from here`() {
    #expect(Self.word("now") == .time(Self.now))
    #expect(Self.word("10m") == .time(Self.at("2026-01-31T08:20:15.25Z")))
    #expect(Self.word("10m", .future) == .time(Self.at("2026-01-31T08:40:15.25Z")))
    #expect(Self.word("2d") == .time(Self.at("2026-01-29T08:30:15.25Z")))
    #expect(Self.word("today") == .time(Self.at("2026-01-30T22:00:00Z")))
    #expect(Self.word("yesterday") == .time(Self.at("2026-01-29T22:00:00Z")))
    #expect(Self.word("tomorrow") == .time(Self.at("2026-01-31T22:00:00Z")))
    #expect(Self.word("09:30") == .time(Self.at("2026-01-31T07:30:00Z")))
    #expect(Self.word("23:00") == .time(Self.at("2026-01-30T21:00:00Z")), "the last one")
    #expect(Self.word("09:30", .future) == .time(Self.at("2026-02-01T07:30:00Z")), "the next one")
    #expect(Self.word("23:00:05", .future) == .time(Self.at("2026-01-31T21:00:05Z")))
    #expect(Self.word("2026-01-15") == .time(Self.at("2026-01-14T22:00:00Z")))
    #expect(Self.word("2026-01-15T10:00:00+01:00") == .time(Self.at("2026-01-15T09:00:00Z")))
  }

  @Test func `words are places too`() throws {
    #expect(Self.word("#184223") == .offset(Offset(184_223)))
    let id = "01JEXK7QM3T0ABCDEFGH012345"
    #expect(Self.word(id) == .event(try EventID(id)))
  }

  @Test(arguments: ["", "#", "#x", "10", "10x", "25:00", "9:60", "1:2:3:4", "later", "2026-13-01", "#-1"])
  func `what is no word is refused`(text: String) {
    #expect(Self.word(text) == nil)
  }

  @Test func `times are shown the way that was asked for`() {
    let (today, before) = (Self.at("2026-01-31T08:29:03.123456Z"), Self.at("2026-01-30T21:59:59.999999Z"))
    func text(_ format: TimeText.Format, _ time: Timestamp) -> String {
      TimeText(format: format, now: Self.now, zone: Self.zone)(time)
    }
    #expect(text(.local, today) == "10:29:03.123")
    #expect(text(.local, before) == "2026-01-30 23:59:59.999")
    #expect(text(.utc, today) == "08:29:03.123Z")
    #expect(text(.utc, before) == "2026-01-30 21:59:59.999Z")
    #expect(text(.relative, today) == "1m12s ago")
    #expect(text(.relative, Self.now + .seconds(250)) == "in 4m10s")
    #expect(text(.iso, today) == "2026-01-31T08:29:03.123456Z")
  }
}
