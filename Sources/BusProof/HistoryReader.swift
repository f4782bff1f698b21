import Foundation

/// Reads on in a history: whole lines, each once, while it is written.
struct HistoryReader {
  private let path: String
  private var position: UInt64 = 0

  init(_ path: String) { self.path = path }

  /// The lines since the last call. One that is not whole yet is left for the next.
  mutating func next() -> [HistoryLine] {
    guard let file = FileHandle(forReadingAtPath: path) else { return [] }
    defer { file.closeFile() }
    file.seek(toFileOffset: position)
    let data = file.readDataToEndOfFile()
    guard let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
    position += UInt64(end - data.startIndex + 1)
    return String(decoding: data[...end], as: UTF8.self).split(separator: "\n").compactMap { HistoryLine($0) }
  }
}
