#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

// What libFuzzer calls. The program has its main function, so only a build with BUS_FUZZ makes one of this:
//
//   BusFuzz TARGET [libFuzzer's options] [CORPUS…]     runs one target
//   BusFuzz seeds DIRECTORY                            writes DIRECTORY/TARGET/seed-N for all of them
//   BusFuzz names                                      lists them
//
// `.ci/fuzz` builds it, runs all targets, and prints one table. Set SWIFT_BACKTRACE=enable=no: a trap that Swift shows
// itself leaves libFuzzer no time to write the input down.

/// Takes the target's name out of the arguments, before libFuzzer reads them.
@_cdecl("LLVMFuzzerInitialize")
public func fuzzInitialize(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> Int32 {
  let words = (0..<Int(count.pointee)).map { arguments.pointee[$0].map { String(cString: $0) } ?? "" }
  // A process that libFuzzer starts itself has the options only, and hears the name from its environment.
  guard words.count > 1, !words[1].hasPrefix("-") else { return 0 }
  switch words[1] {
  case "names":
    FuzzTarget.all.forEach { print($0.name) }
    exit(0)
  case "seeds" where words.count == 3:
    exit(writeSeeds(to: words[2]) ? 0 : 1)
  default:
    guard FuzzTarget.named(words[1]) != nil else {
      print("there is no target \(words[1]): BusFuzz names lists them")
      exit(64)
    }
    setenv(targetVariable, words[1], 1)
    for index in 2..<max(2, words.count) { arguments.pointee[index - 1] = arguments.pointee[index] }
    count.pointee -= 1
    return 0
  }
}

/// Called with each input. A trap or a breach ends the process, and libFuzzer keeps the bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
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
