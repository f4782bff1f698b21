import BusProtocol
import BusTopology
import Testing

@Suite struct WordsTests {
  @Test(arguments: [
    ("500ms", Duration.milliseconds(500)), ("30s", .seconds(30)), ("10m", .seconds(600)), ("1h30m", .seconds(5400)),
    ("2d", .seconds(172_800)), ("1d2h3m4s5ms", .milliseconds(93_784_005)), ("0s", .zero),
    ("36500d", .seconds(36_500 * 86_400)),
  ])
  func `a duration reads and prints as words`(_ words: String, _ duration: Duration) {
    #expect(Duration(words: words) == duration)
    #expect(duration.words == words)
  }

  @Test(arguments: [
    "", "s", "10", "-1s", "+1s", "1.5h", "1 h", "10min", "1H", "1s1m", "1s1s", "1h 30m", "36501d",
    "9223372036854775807d", "99999999999999999999s", "٣s", "1ｓ", "1w",
  ])
  func `what is no duration is refused`(_ words: String) { #expect(Duration(words: words) == nil) }

  @Test func `other ways to write a duration print the shortest way`() {
    #expect(Duration(words: "90m")?.words == "1h30m")
    #expect(Duration(words: "0048h")?.words == "2d")
    #expect(Duration.microseconds(1_500).words == "1ms")
    #expect(Duration.seconds(-5).words == "0s")
    #expect(Duration.seconds(Int64.max).words == "36500d")
  }

  private static let sizes: [(String, Int64)] = [
    ("1B", 1), ("512MiB", 512 << 20), ("20GiB", 20 << 30), ("3TiB", 3 << 40), ("1023B", 1023), ("0B", 0),
  ]

  @Test(arguments: sizes)
  func `a size reads and prints as words`(_ words: String, _ bytes: Int64) {
    #expect(ByteCount(words: words) == ByteCount(bytes: bytes))
    #expect(ByteCount(bytes: bytes).description == words)
  }

  @Test func `decimal sizes read, and print in the largest binary unit that is whole`() {
    #expect(ByteCount(words: "100MB")?.bytes == 100_000_000)
    #expect(ByteCount(words: "1024KiB")?.description == "1MiB")
    #expect(ByteCount(words: "1KB")?.description == "1000B")
  }

  @Test(arguments: ["", "1", "MiB", "-1MiB", "1.5GiB", "1 GiB", "1gib", "1G", "9223372036854775807KiB", "٣B"])
  func `what is no size is refused`(_ words: String) { #expect(ByteCount(words: words) == nil) }
}
