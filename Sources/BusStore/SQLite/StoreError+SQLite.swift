internal import BusProtocol
internal import GRDB

extension StoreError {
  /// What SQLite said, in the words of the store; `what` is what was being done.
  init(_ error: any Error, doing what: String) {
    switch error {
    case let error as StoreError: self = error
    case let error as DatabaseError: self.init(error, doing: what)
    case let error as ProtocolError:
      self.init(.corrupt, "\(what) failed: a row does not read back: \(error.message); restore from a backup")
    default: self.init(.unexpected, "\(what) failed: \(error)")
    }
  }

  private init(_ error: DatabaseError, doing what: String) {
    let why = "\(error.message ?? "no message") (SQLite \(error.extendedResultCode.rawValue))"
    switch error.resultCode {
    case .SQLITE_FULL:
      self.init(.diskFull, "\(what) failed: the disk is full; nothing happened: make room, it goes on by itself")
    case .SQLITE_IOERR:
      self.init(.ioFailure, "\(what) failed on the disk: \(why); stop, look at the disk, and start again")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      self.init(.corrupt, "\(what) failed: the file is damaged: \(why); stop and restore from a backup")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self.init(.readOnly, "\(what) failed: the file may not be written: \(why); give busd's user the right to write")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      self.init(.busy, "\(what) failed: another process has the file; ask the running busd instead of opening it")
    case .SQLITE_CANTOPEN:
      self.init(.cannotOpen, "\(what) failed: \(why); make the directory, and let busd's user write to it")
    default: self.init(.unexpected, "\(what) failed: \(why)")
    }
  }
}
