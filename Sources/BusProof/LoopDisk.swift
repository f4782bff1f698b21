import Foundation

/// A file system in a file, which can lose its power.
struct LoopDisk {
  let kind: String
  private let directory: String
  private var generation = 0
  private var image: String { "\(directory)/image-\(generation)" }
  var mountPoint: String { "\(directory)/disk" }

  /// Makes and mounts one; throws with the reason where the machine does not allow it.
  init(_ kind: String, in directory: String) async throws {
    (self.kind, self.directory) = (kind, directory)
    try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: true)
    try await command("/usr/bin/truncate", ["-s", "400M", image])
    try await command("/usr/sbin/mkfs.\(kind)", ["-q", image])
    try await mount()
  }

  /// Why a machine cannot do this; nil when it can.
  static func obstacle(_ kind: String) -> String? {
    guard getuid() == 0 else { return "it needs root, to mount a file system" }
    let missing = ["/usr/sbin/mkfs.\(kind)", "/usr/sbin/xfs_io", "/usr/bin/mount"].first {
      !FileManager.default.isExecutableFile(atPath: $0)
    }
    return missing.map { "there is no \($0) (packages e2fsprogs, xfsprogs, mount)" }
  }

  /// Takes the disk to another machine, as it were: what was not on it cannot come back from this one's memory, whoever
  /// may still hold the old file system.
  mutating func move() async throws {
    let old = image
    generation += 1
    try await command("/usr/bin/cp", ["--sparse=always", old, image])
    try FileManager.default.removeItem(atPath: old)
  }

  func mount() async throws { try await command("/usr/bin/mount", ["-o", "loop", image, mountPoint]) }
  func unmount() async throws { try await command("/usr/bin/umount", [mountPoint]) }

  /// From here on nothing comes to the disk any more, and what was not there is gone.
  func cutPower() async throws { try await command("/usr/sbin/xfs_io", ["-x", "-c", "shutdown", mountPoint]) }

  private func command(_ program: String, _ arguments: [String]) async throws {
    let (code, text) = try await Child.run(program, arguments, in: directory)
    guard code == 0 else { throw ProofError("\(program) \(arguments.joined(separator: " ")): \(text)") }
  }
}
