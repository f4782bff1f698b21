import BusProtocol
import BusSpool
import Foundation
import Testing

struct RealDiskTests {
  private func open(
    _ directory: TemporaryDirectory, preallocates: Bool = true, segmentByteCount: Int = 1 << 20
  ) throws -> Spool {
    try Spool(
      directory: "\(directory.path)/a/log",
      options: SpoolOptions(segmentByteCount: segmentByteCount, preallocates: preallocates, reserve: nil),
      now: Bench.start, random: Chance.source(5))
  }

  @Test func `a log lives on the real disk as in memory`() throws {
    for preallocates in [true, false] {
      let directory = try TemporaryDirectory()
      var spool = try open(directory, preallocates: preallocates)
      for first in stride(from: 1, through: 30, by: 3) {
        try spool.append(first...first + 2, byteCount: 100_000)
        try spool.commit()
      }
      try spool.seal(now: Bench.start)
      #expect(try spool.events().numbers == Array(1...30))
      spool.close()
      spool = try open(directory, preallocates: preallocates)
      #expect(spool.recovery.isSealed && spool.recovery.tornByteCount == 0)
      #expect(try spool.events().numbers == Array(1...30))
      #expect(try spool.reader().status().freeByteCount > 0)
      try spool.removeAll()
      #expect(!FileManager.default.fileExists(atPath: spool.directory))
    }
  }

  @Test func `what was reserved and never written is passed over, and what stands behind it is not`() throws {
    let directory = try TemporaryDirectory()
    let spool = try open(directory, segmentByteCount: 4 << 20)
    try spool.append(1...3)
    try spool.commit()
    spool.close()
    let path = "\(directory.path)/a/log/\(String(repeating: "0", count: 19))1.seg"
    let disk = RealDisk()
    let file = try disk.open(path, .write)
    defer { disk.close(file) }
    #expect(disk.data(in: file, from: 0) == 0)
    // Where the file system cannot tell, there may be something anywhere.
    #expect([nil, 1_500_000].contains(disk.data(in: file, from: 1_500_000)))
    let torn: [UInt8] = [1, 2, 3]
    for position in [3_000_000, (4 << 20) - 8] {
      #expect(try disk.write(torn.span.bytes, to: file, at: position) == 3)
      #expect(disk.data(in: file, from: position) == position)
      let found = try #require(disk.data(in: file, from: 1_500_000))
      #expect((1_500_000...position).contains(found))
      let again = try open(directory, segmentByteCount: 4 << 20)
      #expect(again.recovery.last == Offset(3) && again.recovery.tornByteCount > position - 20_000)
      again.close()
      #expect(try open(directory, segmentByteCount: 4 << 20).recovery.tornByteCount == 0)
    }
  }

  @Test func `only the owner may look, whatever the umask`() throws {
    let directory = try TemporaryDirectory()
    let spool = try open(directory)
    try spool.append(1...1)
    try spool.commit()
    try spool.seal(now: Bench.start)
    #expect(try directory.mode("a/log") == 0o700)
    for name in ["00000000000000000001.seg", "HEAD", "lock"] { #expect(try directory.mode("a/log/\(name)") == 0o600) }
  }

  @Test func `I29 a second writer is refused, the number of the first in the words`() throws {
    let directory = try TemporaryDirectory()
    let spool = try open(directory)
    let refused = refusal { _ = try open(directory) }
    #expect(refused?.code == .locked && refused?.message.contains("process \(getpid()) ") == true)
    spool.close()
    _ = try open(directory)
  }

  @Test func `a symbolic link is not followed`() throws {
    let directory = try TemporaryDirectory()
    try open(directory).close()
    let segment = "\(directory.path)/a/log/00000000000000000001.seg"
    try FileManager.default.moveItem(atPath: segment, toPath: segment + ".away")
    try FileManager.default.createSymbolicLink(atPath: segment, withDestinationPath: segment + ".away")
    #expect(refusal { _ = try open(directory) }?.code == .system)
  }
}
