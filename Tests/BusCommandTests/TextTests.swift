import BusProtocol
import Testing

@testable import BusCommand

struct TextTests {
  @Test func `wide characters take two columns and combining marks none`() {
    let widths = [
      ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("👍", 2), ("👍🏽", 2), ("🇩🇪", 2), ("❤️", 2), ("한글", 4),
      ("ｱ", 1), ("Ａ", 2), ("…", 1),
    ]
    for (text, width) in widths { #expect(DisplayWidth.of(text) == width, "\(text)") }
  }

  @Test func `text is cut to columns, never in the middle of a character`() {
    #expect(DisplayWidth.truncate("abcdef", to: 6) == "abcdef")
    #expect(DisplayWidth.truncate("abcdef", to: 5) == "abcd…")
    #expect(DisplayWidth.truncate("日本語", to: 5) == "日本…")
    #expect(DisplayWidth.truncate("日本語", to: 4) == "日…")
    #expect(DisplayWidth.truncate("ab", to: 0) == "")
    for columns in 0...12 { #expect(DisplayWidth.of(DisplayWidth.truncate("a日b👍c本d", to: columns)) <= columns) }
  }

  @Test func `data cannot move the cursor or turn the text around`() {
    #expect(Printable.line("a\u{1B}[2Jb\nc\td\u{202E}e\u{9B}f") == "a\u{FFFD}[2Jb c d\u{FFFD}e\u{FFFD}f")
    #expect(Printable.text("a\nb\tc\r") == "a\nb\tc\u{FFFD}")
  }

  @Test func `columns are as wide as their widest cell, coloured or not`() {
    var table = Columns([("NAME", .left), ("N", .right), ("NOTE", .left)])
    table.add([.init("日本", .red), .init("7"), .init("x")])
    table.add([.init("a"), .init("1234", .green), .init("")])
    #expect(
      table.lines(paint: Paint(isOn: false), terminalColumns: nil) == [
        "NAME     N  NOTE", "日本     7  x", "a     1234",
      ])
    #expect(
      table.lines(paint: Paint(isOn: true), terminalColumns: nil)[1] == "\u{1B}[31m日本\u{1B}[0m     7  x")
    #expect(
      table.lines(paint: Paint(isOn: false), terminalColumns: 14) == [
        "NAME     N  N…", "日本     7  x", "a     1234",
      ])
    #expect(table.lines(paint: Paint(isOn: false), terminalColumns: 3) == ["NA…", "日…", "a"])
  }

  @Test func `durations and sizes are brief`() {
    let durations: [(Duration, String)] = [
      (.zero, "0 ms"), (.microseconds(3), "<1 ms"), (.milliseconds(38), "38 ms"), (.milliseconds(3250), "3.2 s"),
      (.seconds(38), "38 s"), (.seconds(192), "3m12s"), (.seconds(180), "3m"), (.seconds(7380), "2h3m"),
      (.seconds(446_400), "5d4h"), (.seconds(-3), "0 ms"),
    ]
    for (duration, text) in durations { #expect(Brief.duration(duration) == text) }
    #expect(Brief.bytes(812) == "812 B")
    #expect(Brief.bytes(1024) == "1.0 KiB")
    #expect(Brief.bytes(3_400_000_000) == "3.1 GiB")
    #expect(Brief.bytes(75 << 30) == "75 GiB")
    #expect(Brief.bytes(.max) == "16383 PiB")
    #expect(Brief.count(1, "job") == "1 job" && Brief.count(2, "job") == "2 jobs")
  }

  @Test func `a name has the same colour always`() {
    #expect(Paint.ink(of: "user_changed") == Paint.ink(of: "user_changed"))
    #expect(Set((0..<100).map { Paint.ink(of: "topic_\($0)") }).count == 5)
    #expect(Paint(isOn: true)("x", .red) == "\u{1B}[31mx\u{1B}[0m")
    #expect(Paint(isOn: true)("x", .plain) == "x")
  }

  @Test func `colour obeys the flag, then NO_COLOR and TERM, then the terminal`() {
    func isOn(_ color: Terminal.Color, isTerminal: Bool, _ environment: [String: String] = [:]) -> Bool {
      Terminal(isTerminal: isTerminal, systemColumns: nil, color: color, environment: environment).paint.isOn
    }
    #expect(isOn(.auto, isTerminal: true))
    #expect(!isOn(.auto, isTerminal: false))
    #expect(!isOn(.auto, isTerminal: true, ["NO_COLOR": "1"]))
    #expect(isOn(.auto, isTerminal: true, ["NO_COLOR": ""]))
    #expect(!isOn(.auto, isTerminal: true, ["TERM": "dumb"]))
    #expect(isOn(.always, isTerminal: false, ["NO_COLOR": "1", "TERM": "dumb"]))
    #expect(!isOn(.never, isTerminal: true))
  }

  @Test func `COLUMNS goes before the terminal, and nothing is cut without one`() {
    func columns(_ isTerminal: Bool, _ system: Int?, _ environment: [String: String]) -> Int? {
      Terminal(isTerminal: isTerminal, systemColumns: system, color: .auto, environment: environment).columns
    }
    #expect(columns(true, 120, [:]) == 120)
    #expect(columns(true, 120, ["COLUMNS": "60"]) == 60)
    #expect(columns(true, 120, ["COLUMNS": "0"]) == 120)
    #expect(columns(true, nil, [:]) == 80)
    #expect(columns(false, 120, ["COLUMNS": "60"]) == nil)
  }

  @Test func `a mistyped word finds the near one`() {
    let known = ["tail", "publish", "queues", "jobs"]
    #expect(NearestWord.to("tial", among: known) == "tail")
    #expect(NearestWord.to("publsh", among: known) == "publish")
    #expect(NearestWord.to("que", among: known) == "queues")
    #expect(NearestWord.to("job", among: known) == "jobs")
    #expect(NearestWord.to("xyzzy", among: known) == nil)
    #expect(NearestWord.to("", among: known) == nil)
    #expect(NearestWord.to(String(repeating: "a", count: 1000), among: known) == nil)
  }
}
