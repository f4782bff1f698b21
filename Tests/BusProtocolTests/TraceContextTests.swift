import BusProtocol
import Testing

struct TraceContextTests {
  static let example = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  @Test func `the standard's example comes back`() throws {
    let trace = try TraceContext(TraceContextTests.example)
    #expect(trace.traceHigh == 0x0AF7_6519_16CD_43DD)
    #expect(trace.traceLow == 0x8448_EB21_1C80_319C)
    #expect(trace.span == 0xB7AD_6B71_6920_3331)
    #expect(trace.flags == 1)
    #expect(trace.description == TraceContextTests.example)
  }

  @Test func `of a later version the known parts are read`() throws {
    let text = TraceContextTests.example.replacing("00-", with: "cc-", maxReplacements: 1)
    #expect(try TraceContext(text + "-what-ever").description == TraceContextTests.example)
  }

  @Test(arguments: [
    "", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
    "00-00000000000000000000000000000000-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
    "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "+0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-é",
  ])
  func `other text is none`(text: String) { #expect(throws: ProtocolError.self) { try TraceContext(text) } }

  @Test func `each cut is refused`() {
    for count in 0..<TraceContextTests.example.count {
      #expect(throws: ProtocolError.self) { try TraceContext(String(TraceContextTests.example.prefix(count))) }
    }
  }

  @Test func `a cause says of what it is`() throws {
    var chance = Chance(12)
    let (event, job): (EventID, JobID) = (chance.identifier(), chance.identifier())
    #expect(try Causation("event:\(event)") == .event(event))
    #expect(try Causation("job:\(job)") == .job(job))
    #expect(Causation.job(job).text == "job:\(job)")
    for text in ["", "event:", "job:x", "\(event)", "Event:\(event)"] {
      #expect(throws: ProtocolError.self) { try Causation(text) }
    }
  }
}
