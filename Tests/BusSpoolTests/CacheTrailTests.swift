import Testing

@testable import BusSpool

struct CacheTrailTests {
  private static let step = CacheTrail.stepByteCount
  private static let kept = CacheTrail.keptByteCount

  @Test func `the newest part of the log stays in memory, what lies behind it goes once`() throws {
    let disk = MemoryDisk()
    let file = try DiskFile("a", .create, on: disk)
    var trail = CacheTrail()
    trail.advance(file, to: CacheTrailTests.kept + CacheTrailTests.step)
    #expect(disk.letGo == [])
    for _ in 0..<2 { trail.advance(file, to: CacheTrailTests.kept + 3 * CacheTrailTests.step) }
    let step = CacheTrailTests.step
    #expect(disk.letGo.map(\.range) == [0..<step, step..<2 * step])
  }

  @Test func `a file that is full goes to its end before the next one begins`() throws {
    let disk = MemoryDisk()
    let full = try DiskFile("a", .create, on: disk)
    let next = try DiskFile("b", .create, on: disk)
    var trail = CacheTrail()
    let step = CacheTrailTests.step
    trail.advance(full, to: step + 100)
    trail.advance(next, to: CacheTrailTests.kept + step + 1)
    #expect(disk.letGo.map(\.file) == [101, 101, 102])
    #expect(disk.letGo.map(\.range) == [0..<step, step..<step + 100, 0..<step])
  }
}
