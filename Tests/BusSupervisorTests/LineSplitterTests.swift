import Testing

@testable import BusSupervisor

struct LineSplitterTests {
  @Test func `lines come whole however they are cut`() {
    let text = Array("one\ntwo\r\n\nthrée\nrest".utf8)
    for cut in 0...text.count {
      var splitter = LineSplitter()
      let lines = splitter.add(text[..<cut]) + splitter.add(text[cut...])
      #expect(lines == ["one", "two", "", "thrée"])
      #expect(splitter.finish() == "rest")
      #expect(splitter.finish() == nil)
    }
  }

  @Test func `a line that never ends is cut`() {
    var splitter = LineSplitter()
    let lines = splitter.add([UInt8](repeating: 65, count: LineSplitter.maximumLineByteCount * 2 + 3))
    #expect(lines.map(\.utf8.count) == [LineSplitter.maximumLineByteCount, LineSplitter.maximumLineByteCount])
    #expect(splitter.finish() == "AAA")
  }

  @Test func `bytes that are no text are replaced`() {
    var splitter = LineSplitter()
    #expect(splitter.add([0xFF, 0x41, 0x0A]) == ["\u{FFFD}A"])
  }
}
