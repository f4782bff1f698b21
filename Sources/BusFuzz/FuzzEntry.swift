#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

// How it is called:
//
//   BusFuzz TARGET [libFuzzer's options] [CORPUS…]     runs one target
//   BusFuzz seeds DIRECTORY                            writes DIRECTORY/TARGET/seed-N for all of them
//   BusFuzz names                                      lists them
//
// `.ci/fuzz` builds it, runs all targets, and prints one table. Set SWIFT_BACKTRACE=enable=no: a trap that Swift shows
// itself leaves libFuzzer no time to write the input down.

#if BUS_FUZZ
  /// The program, of which only a build with `BUS_FUZZ` makes one: the rest of the time nobody has libFuzzer.
  @main struct FuzzEntry {
    static func main() {
      let words = CommandLine.arguments
      // A process that libFuzzer starts itself has the options only, and hears the name from its environment.
      guard words.count > 1, !words[1].hasPrefix("-") else { exit(run(words)) }
      switch words[1] {
      case "names": FuzzTarget.all.forEach { print($0.name) }
      case "seeds" where words.count == 3: exit(writeSeeds(to: words[2]) ? 0 : 1)
      case let name where FuzzTarget.named(name) != nil:
        setenv(targetVariable, name, 1)
        exit(run([words[0]] + words.dropFirst(2)))
      default:
        print("there is no target \(words[1]): BusFuzz names lists them")
        exit(64)
      }
    }

    /// They are libFuzzer's from here on, until the process ends.
    private static func run(_ words: [String]) -> Int32 {
      var count = Int32(words.count)
      let arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
      for (index, word) in words.enumerated() { arguments[index] = strdup(word) }
      arguments[words.count] = nil
      var start: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = arguments
      return runDriver(&count, &start) { read($0, $1) }
    }
  }

  @_silgen_name("LLVMFuzzerRunDriver")
  private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ read: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32
#endif

/// Called with each input. A trap or a breach ends the process, and libFuzzer keeps the bytes.
private func read(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  do throws(Breach) {
    _ = try chosen.accepts(Array(UnsafeBufferPointer(start: start, count: count)))
  } catch {
    print("BREACH of \(chosen.name): \(error.what)")
    fflush(nil)
    abort()
  }
  return 0
}

private let targetVariable = "BUS_FUZZ_TARGET"

private let chosen: FuzzTarget = {
  guard let name = getenv(targetVariable).map({ String(cString: $0) }), let target = FuzzTarget.named(name) else {
    preconditionFailure("no target is named: BusFuzz TARGET [OPTIONS]")
  }
  return target
}()

private func writeSeeds(to directory: String) -> Bool {
  mkdir(directory, 0o755)
  for target in FuzzTarget.all {
    mkdir("\(directory)/\(target.name)", 0o755)
    guard let seeds = try? target.seeds() else {
      print("the seeds of \(target.name) cannot be written")
      return false
    }
    for (number, seed) in seeds.enumerated() {
      guard write(seed, to: "\(directory)/\(target.name)/seed-\(number)") else {
        print("cannot write to \(directory)/\(target.name)")
        return false
      }
    }
  }
  return true
}

private func write(_ bytes: [UInt8], to path: String) -> Bool {
  guard let file = fopen(path, "w") else { return false }
  let count = fwrite(bytes, 1, bytes.count, file)
  return fclose(file) == 0 && count == bytes.count
}
