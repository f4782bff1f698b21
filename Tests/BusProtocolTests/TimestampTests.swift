import BusProtocol
import Testing

struct TimestampTests {
  static let table: [(text: String, microseconds: Int64)] = [
    ("1970-01-01T00:00:00Z", 0),
    ("1970-01-01T00:00:00.000001Z", 1),
    ("1969-12-31T23:59:59.999999Z", -1),
    ("2000-02-29T12:00:00Z", 951_825_600_000_000),
    ("2024-02-29T23:59:59Z", 1_709_251_199_000_000),
    ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
    ("2026-01-31T08:30:00.123456Z", 1_769_848_200_123_456),
    ("2026-01-31t08:30:00z", 1_769_848_200_000_000),
    ("2026-01-31 08:30:00Z", 1_769_848_200_000_000),
    ("2026-01-31T08:30:00.5Z", 1_769_848_200_500_000),
    ("2026-01-31T08:30:00.123456789Z", 1_769_848_200_123_456),
    ("2026-01-31T10:30:00+02:00", 1_769_848_200_000_000),
    ("2026-01-30T23:00:00-09:30", 1_769_848_200_000_000),
    ("2026-01-31T08:30:00-00:00", 1_769_848_200_000_000),
    ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
    ("0000-01-01T00:00:00Z", -62_167_219_200_000_000),
    ("0000-01-01T00:00:00+23:59", -62_167_305_540_000_000),
    ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ("+010000-01-01T00:00:00Z", 253_402_300_800_000_000),
    ("+294247-01-10T04:00:54.775807Z", .max),
    ("-290308-12-21T19:59:05.224192Z", .min),
  ]

  @Test func `the table holds`() throws {
    for row in TimestampTests.table { #expect(try Timestamp(row.text).microseconds == row.microseconds, "\(row.text)") }
  }

  @Test func `every moment comes back from its text, in one form`() throws {
    var chance = Chance(9)
    var moments: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max, -62_167_219_200_000_001, 253_402_300_800_000_000]
    moments += (0..<3000).map { _ in Int64(bitPattern: chance.next()) >> Int64(chance.below(40)) }
    for microseconds in moments {
      let time = Timestamp(microseconds: microseconds)
      #expect(try Timestamp(time.description) == time)
    }
    #expect(Timestamp(microseconds: 1_769_848_200_000_000).description == "2026-01-31T08:30:00.000000Z")
    #expect(Timestamp(microseconds: -62_167_219_200_000_001).description == "-000001-12-31T23:59:59.999999Z")
  }

  @Test func `each day of eight hundred years follows the one before`() throws {
    let lengths: [Int64] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var days = try Timestamp("1600-01-01T00:00:00Z").microseconds / 86_400_000_000
    for year in 1600..<2400 as Range<Int64> {
      for month in 1...12 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = lengths[month - 1] + (month == 2 && isLeap ? 1 : 0)
        let text = "\(year)-\(month < 10 ? "0" : "")\(month)"
        #expect(try Timestamp("\(text)-01T00:00:00Z").microseconds == days * 86_400_000_000)
        #expect(Timestamp(microseconds: days * 86_400_000_000).description == "\(text)-01T00:00:00.000000Z")
        #expect(throws: ProtocolError.self) { try Timestamp("\(text)-\(length + 1)T00:00:00Z") }
        days += length
      }
    }
  }

  @Test(arguments: [
    "", "2026", "2026-01-31", "2026-01-31T08:30Z", "2026-01-31T08:30:00", "2026-1-31T08:30:00Z", "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-02-29T00:00:00Z", "2026-02-30T00:00:00Z",
    "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T08:60:00Z",
    "2026-01-31T08:30:61Z", "2026-01-31T08:30:00.Z", "2026-01-31T08:30:00.1234567890Z", "2026-01-31T08:30:00+24:00",
    "2026-01-31T08:30:00+02:60", "2026-01-31T08:30:00+0200", "2026-01-31T08:30:00ZZ", "2026-01-31T08:30:00Z ",
    " 2026-01-31T08:30:00Z", "+002026-01-31T08:30:00Z", "-000000-01-01T00:00:00Z", "+294247-01-10T04:00:54.775808Z",
    "-290308-12-21T19:59:05.224191Z", "+999999-12-31T23:59:59Z", "-999999-01-01T00:00:00Z", "２０２６-01-31T08:30:00Z",
  ])
  func `other text is no time`(text: String) { #expect(throws: ProtocolError.self) { try Timestamp(text) } }

  @Test func `each cut and each changed byte of a time is refused or read, never a trap`() {
    let text = Array("2026-01-31T08:30:00.123456+02:00".utf8)
    for count in 0..<text.count {
      #expect(throws: ProtocolError.self) { try Timestamp(String(decoding: text.prefix(count), as: UTF8.self)) }
    }
    var chance = Chance(10)
    for _ in 0..<20_000 {
      var changed = text
      for _ in 0..<1 + chance.below(3) { changed[chance.below(text.count)] = UInt8(chance.below(128)) }
      if let time = try? Timestamp(String(decoding: changed, as: UTF8.self)) {
        #expect((try? Timestamp(time.description)) == time)
      }
    }
  }

  @Test func `sums and differences are held at the ends`() {
    let (first, last) = (Timestamp(microseconds: .min), Timestamp(microseconds: .max))
    let zero = Timestamp(microseconds: 0)
    #expect(last + .seconds(1) == last)
    #expect(first - .seconds(1) == first)
    #expect(first + .seconds(-1) == first)
    #expect(last - .seconds(-1) == last)
    #expect(zero + .seconds(Int64.max) == last)
    #expect(zero - .seconds(Int64.max) == Timestamp(microseconds: -.max))
    #expect(last - first > .seconds(18_446_744_073_709))
    #expect(first - last < .zero)
    #expect(zero + .milliseconds(1500) == Timestamp(microseconds: 1_500_000))
    #expect(Timestamp(microseconds: 5) - Timestamp(microseconds: 7) == .microseconds(-2))
  }

  @Test func `durations become microseconds without a trap`() {
    #expect(Duration.seconds(1).inMicroseconds == 1_000_000)
    #expect(Duration.microseconds(-3).inMicroseconds == -3)
    #expect(Duration.nanoseconds(1999).inMicroseconds == 1)
    #expect(Duration.microseconds(Int64.max).inMicroseconds == .max)
    #expect(Duration.microseconds(Int64.min).inMicroseconds == .min)
    #expect(Duration.seconds(Int64.max).inMicroseconds == .max)
    #expect((Duration.seconds(Int64.max) * 15).inMicroseconds == .max)
    #expect((Duration.seconds(Int64.min) * 15).inMicroseconds == .min)
    #expect(Duration.milliseconds(250).inSeconds == 0.25)
  }
}
