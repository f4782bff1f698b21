import BusProtocol
import Testing

/// Time zones: their offsets, and bytes that are none.
struct ZoneTests {
  @Test(arguments: [
    ("Europe/Paris", "2026-03-29T00:59:59Z", 3600), ("Europe/Paris", "2026-03-29T01:00:00Z", 7200),
    ("Europe/Paris", "2077-03-28T00:59:59Z", 3600), ("Europe/Paris", "2077-03-28T01:00:00Z", 7200),
    ("Europe/Paris", "2077-10-31T00:59:59Z", 7200), ("Europe/Paris", "2077-10-31T01:00:00Z", 3600),
    ("Europe/Paris", "2077-07-01T00:00:00Z", 7200), ("Europe/Paris", "2077-12-01T00:00:00Z", 3600),
    ("America/New_York", "2090-03-01T00:00:00Z", -18_000), ("America/New_York", "2090-07-01T00:00:00Z", -14_400),
    ("Australia/Lord_Howe", "2026-01-01T00:00:00Z", 39_600), ("Australia/Lord_Howe", "2060-07-01T00:00:00Z", 37_800),
    ("Asia/Kolkata", "2026-01-01T00:00:00Z", 19_800), ("Pacific/Apia", "2011-12-30T09:59:59Z", -36_000),
    ("Pacific/Apia", "2011-12-30T10:00:00Z", 50_400), ("Europe/Dublin", "2060-01-01T00:00:00Z", 0),
    ("Europe/Dublin", "2060-07-01T00:00:00Z", 3600), ("UTC", "2026-01-01T00:00:00Z", 0),
  ])
  func `offsets are those of the database, also far ahead`(name: String, moment: String, offset: Int) throws {
    #expect(try ZoneFiles.zone(name).offset(at: try Timestamp(moment)) == offset)
  }

  @Test func `a file cut at any byte is refused`() throws {
    let bytes = try ZoneFiles.bytes("Europe/Paris")
    for length in 0..<bytes.count {
      #expect(throws: ScheduleError.self) { try ZoneRules(name: "cut", tzif: Array(bytes[..<length])) }
    }
  }

  @Test func `a file with a flipped bit is read or refused`() throws {
    let bytes = try ZoneFiles.bytes("Australia/Lord_Howe")
    let daily = try CronExpression("30 2 * * *")
    for index in bytes.indices {
      var flipped = bytes
      flipped[index] ^= 1 << UInt8(index % 8)
      guard let zone = try? ZoneRules(name: "flipped", tzif: flipped) else { continue }
      for year in ["1950", "2026", "2080"] {
        let moment = try Timestamp("\(year)-03-01T00:00:00Z")
        if let next = ScheduleRule.cron(daily, zone).next(after: moment) { #expect(next > moment) }
      }
    }
  }

  @Test func `counts that no file can have are refused`() {
    let header = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 15)
    let counts = [UInt8](repeating: 0xFF, count: 24)
    #expect(throws: ScheduleError.self) { try ZoneRules(name: "large", tzif: header + counts) }
    #expect(throws: ScheduleError.self) {
      try ZoneRules(name: "old", tzif: Array("TZif".utf8) + [UInt8](repeating: 0, count: 40))
    }
  }
}
