import Bus
import Foundation

/// What the disk itself takes, and how busy the machine is: below every durable figure.
enum DiskProbe {
  private static let count = 60

  static func figures(in directory: String) throws -> [Figure] {
    let middle = try histogram(in: directory).quantile(0.5) ?? .zero
    var load = [0.0]
    getloadavg(&load, 1)
    return [
      Figure("disk: write 4 KiB + fdatasync, p50", middle / .microseconds(1), .microseconds),
      Figure("load of the machine before the run", load[0], .count),
    ]
  }

  /// Each a block over one that was written before: no metadata changes.
  static func histogram(in directory: String) throws -> LatencyHistogram {
    let path = "\(directory)/bus-bench-disk-\(getpid())"
    let file = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Failure(description: "\(path) cannot be made: \(String(cString: strerror(errno)))") }
    defer {
      close(file)
      unlink(path)
    }
    let block = [UInt8](repeating: 0x78, count: 4096)
    for number in 0..<count { try write(block, to: file, at: number) }
    guard fsync(file) == 0 else { throw Failure(description: "\(path) cannot be synced") }
    var histogram = LatencyHistogram()
    for number in 0..<count {
      let begin = ContinuousClock.now
      try write(block, to: file, at: number)
      guard fdatasync(file) == 0 else { throw Failure(description: "\(path) cannot be synced") }
      histogram.record(.now - begin)
    }
    return histogram
  }

  private static func write(_ block: [UInt8], to file: Int32, at number: Int) throws {
    guard pwrite(file, block, block.count, number * block.count) == block.count else {
      throw Failure(description: "the disk's probe cannot be written: \(String(cString: strerror(errno)))")
    }
  }
}

extension Benchmark {
  static let disk = Benchmark("disk", "what the disk's own sync takes", bar: "none: below every durable figure") {
    sizes in Figure.quantiles("write 4 KiB + fdatasync", try DiskProbe.histogram(in: sizes.directory))
  }
}
