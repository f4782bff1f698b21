import ArgumentParser
import Bus
import Testing

@testable import BusBench

struct SummaryTests {
  private func summary(_ values: [Double]) -> Summary {
    var summary = Summary(.publish, command: "BusBench publish --runs 3")
    for value in values { summary.add([Figure("call", value, .microseconds), Figure("rate", 1_234_567, .perSecond)]) }
    return summary
  }

  @Test func `a figure of several runs is their median and their range`() {
    #expect(summary([3, 1, 2]).rows[0].median == 2)
    #expect(summary([4, 1, 2, 3]).rows[0].median == 2.5)
    #expect(summary([3, 1, 2]).rows[0].range == 1...3)
    #expect(summary([5]).rows.map(\.median) == [5, 1_234_567])
  }

  @Test func `the report says the command, the figures and the bar`() {
    let lines = Report.lines(summary([3, 1, 2]))
    #expect(lines[1] == "  command: BusBench publish --runs 3")
    #expect(lines[2].hasPrefix("  call ") && lines[2].hasSuffix("2.00 us            [1.00 - 3.00] n=3"))
    #expect(lines[3].hasSuffix("1,234,567 /s       [1,234,567 - 1,234,567] n=3"))
    #expect(lines[4] == "  bar: p50 <= 2 us")
    let json =
      #"{"benchmark":"publish","figure":"call","unit":"us","median":2.0,"min":1.0,"max":3.0,"runs":3,"#
      + #""command":"BusBench publish --runs 3"}"#
    #expect(Report.json(summary([3, 1, 2]))[0] == json)
  }

  static let numbers = [
    (0.0, "0.00"), (9.994, "9.99"), (10, "10.0"), (999.6, "1,000"), (-1234, "-1,234"), (1e6, "1,000,000"),
  ]

  @Test(arguments: numbers) func `numbers are short`(value: Double, text: String) {
    #expect(Report.number(value) == text)
  }

  @Test func `a wrong name is refused with the one that was meant`() throws {
    #expect(try Catalogue.chosen(["jobs", "disk"]).map(\.name) == ["jobs", "disk"])
    #expect(try Catalogue.chosen([]).count == Catalogue.all.count)
    #expect(Set(Catalogue.all.map(\.name)).count == Catalogue.all.count)
    let error = #expect(throws: (any Error).self) { try Catalogue.chosen(["ingst"]) }
    #expect(error.map { "\($0)" }?.contains("did you mean 'ingest'?") == true)
  }

  @Test func `the command of a figure says all that is not as usual`() throws {
    let plain = try SizeOptions.parse([])
    #expect(plain.command("jobs") == "BusBench jobs" && plain.sizes.runs == 5)
    let small = try SizeOptions.parse(["--quick", "--jobs", "7", "--directory", "/var/tmp"])
    #expect(small.command("jobs") == "BusBench jobs --quick --jobs 7 --directory /var/tmp")
    #expect(small.sizes.jobs == 7 && small.sizes.runs == 1 && small.sizes.directory == "/var/tmp")
    #expect(throws: (any Error).self) { try SizeOptions.parse(["--runs", "0"]) }
  }

  @Test func `a payload has the bytes that it says`() {
    #expect(Payload.hundredBytes.bytes.count == 100 && Payload.kibibyte.bytes.count == 1024)
  }

  @Test func `a countdown ends with the last`() async throws {
    let countdown = Countdown(2)
    async let ended: Void = countdown.wait()
    countdown.hit()
    countdown.hit()
    try await ended
    try await Countdown(0).wait()
  }
}
