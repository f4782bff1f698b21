import BusProtocol
import Synchronization
import Testing

struct IdentifierTests {
  @Test func `version and variant stand where RFC 9562 wants them`() {
    var chance = Chance(6)
    for _ in 0..<1000 {
      let time = Timestamp(microseconds: Int64(chance.below(1 << 50)))
      let id = EventID(at: time, random: (chance.next(), chance.next()))
      #expect(id.high >> 16 == UInt64(time.microseconds / 1000))
      #expect(id.high >> 12 & 0xF == 7)
      #expect(id.low >> 62 == 0b10)
      #expect(id.time == time)
    }
  }

  @Test func `the order is that of time`() {
    var chance = Chance(7)
    var last = EventID(at: Timestamp(microseconds: 0), random: (.max, .max))
    for microseconds in 1...2000 as ClosedRange<Int64> {
      let id = EventID(at: Timestamp(microseconds: microseconds), random: (chance.next(), chance.next()))
      #expect(last < id)
      #expect(last.description < id.description)
      last = id
    }
  }

  @Test func `moments before 1970 and behind the range are held at its ends`() {
    let first = EventID(at: Timestamp(microseconds: .min), random: (0, 0))
    let last = EventID(at: Timestamp(microseconds: .max), random: (3, .max))
    #expect(first.time == Timestamp(microseconds: 0))
    #expect(last.high >> 16 == 0xFFFF_FFFF_FFFF)
    #expect(last.high >> 12 & 0xF == 7)
    #expect(EventID(at: Timestamp(microseconds: 1 << 48), random: (0, 0)) < last)
  }

  @Test func `text and back`() throws {
    var chance = Chance(8)
    for _ in 0..<1000 {
      let id: JobID = chance.identifier()
      #expect(id.description.utf8.count == 26)
      #expect(try JobID(id.description) == id)
      #expect(try JobID(id.description.lowercased()) == id)
      #expect(JobID(jsonValue: id.jsonValue) == id)
    }
    #expect(EventID(high: 0, low: 0).description == "00000000000000000000000000")
    #expect(EventID(high: .max, low: .max).description == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ")
    #expect(
      try EventID("01KG9JRPXVEWH828T5CY4TQKFF") == EventID(high: 0x019C_132C_5BBB_7722, low: 0x8123_4567_89AB_CDEF))
  }

  @Test func `letters that look like digits are read as those`() throws {
    #expect(
      try EventID("0ILO" + String(repeating: "0", count: 22)) == EventID("0110" + String(repeating: "0", count: 22)))
    #expect(
      try EventID("0ilo" + String(repeating: "0", count: 22)) == EventID("0110" + String(repeating: "0", count: 22)))
  }

  @Test(arguments: [
    "", "0", "01KG9JRPXVEWH828T5CY4TQKF", "01KG9JRPXVEWH828T5CY4TQKFFF", "81KG9JRPXVEWH828T5CY4TQKFF",
    "ZZZZZZZZZZZZZZZZZZZZZZZZZZ", "01KG9JRPXVEWH828T5CY4TQKFU", "01KG9JRPXVEWH828T5CY4TQKF-",
    "01KG9JRPXVEWH828T5CY4TQKF ",
    "01KG9JRPXVEWH828T5CY4TQK\u{E9}", "01KG9JRPXVEWH828T5CY4TQKF\u{0}", "019c132c-5bbb-7722-8123-456789abcdef",
  ])
  func `other text is no id`(text: String) {
    #expect(throws: ProtocolError.self) { try EventID(text) }
    #expect(EventID(jsonValue: .string(text)) == nil)
  }

  @Test func `each other byte at each place is refused`() {
    for place in 0..<26 {
      for byte in 0...127 as ClosedRange<UInt8> {
        var text = Array("01KG9JRPXVEWH828T5CY4TQKFF".utf8)
        text[place] = byte
        let character = Character(Unicode.Scalar(byte))
        let isDigit = character.isNumber || (character.isLetter && character != "U" && character != "u")
        let fits = isDigit && (place > 0 || "01234567ILOilo".contains(character))
        let isRead = (try? EventID(String(decoding: text, as: UTF8.self))) != nil
        #expect(isRead == fits, "\(byte) at \(place)")
      }
    }
  }

  @Test func `only UUIDv7 tells a time`() {
    #expect(EventID(high: 0x019C_132C_5BBB_4722, low: 1).time == nil)
    #expect(EventID(high: .max & ~0x8000, low: 1).time != nil)
  }

  @Test func `a source fetches chance for many at once and uses each word once`() {
    let fetched = Mutex<UInt64>(0)
    var source = IdentifierSource {
      fetched.withLock {
        $0 &+= 0x9E37_79B9_7F4A_7C15; return $0
      }
    }
    var seen: Set<EventID> = []
    for _ in 0..<1000 { seen.insert(source.next(at: Timestamp(microseconds: 1))) }
    #expect(seen.count == 1000)
    // A thousand words, fetched by 64.
    let expected: UInt64 = 0x9E37_79B9_7F4A_7C15 &* 1024
    #expect(fetched.withLock { $0 } == expected)
  }
}
