/// What `--json` prints where there is no result.
struct ErrorDocument: Encodable {
  enum Kind: String, Encodable {
    /// The work failed; the message says what, where and what to do.
    case failed
    /// Arguments that no work can begin with.
    case arguments
    /// The user stopped it.
    case stopped
  }

  struct Content: Encodable {
    let kind: Kind
    /// What standard error says too; several lines where there are several errors.
    let message: String
    /// The program's exit status.
    let exitCode: Int32
  }

  let error: Content

  init(_ kind: Kind, _ message: String, exitCode: Int32 = 1) {
    error = Content(kind: kind, message: message, exitCode: exitCode)
  }
}
