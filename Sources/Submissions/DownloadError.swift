import BenchCore
import Text

/// Why a file could not be fetched.
package enum DownloadError: Error, Sendable, Equatable, CustomStringConvertible {
  case scheme(String)
  case status(url: String, code: Int)
  case redirect(url: String, to: String)
  case network(url: String, reason: String)
  case unreadable(url: String, reason: String)
  case truncated(url: String, got: Int, expected: Int)
  case size(url: String, got: Int, expected: Int)
  case tooLarge(url: String, announced: Int?, expected: Int)
  /// `look` says what came instead, where it is no checkpoint at all.
  case digest(url: String, expected: String, got: String, look: String?)
  case unwritable(file: String, reason: String)

  /// Whether trying again may help.
  var isTransient: Bool {
    switch self {
    case .status(_, let code): code >= 500 || code == 408 || code == 425 || code == 429
    case .network, .truncated: true
    default: false
    }
  }

  package var description: String {
    switch self {
    case .scheme(let url): "\(PlainText.shown(url)): is fetched over https or http only"
    case .status(let url, let code): "\(url): the server answers with status \(code)\(Self.words(code))"
    case .redirect(let url, let target):
      "\(url): the server sends elsewhere too often, or to \(PlainText.shown(target)), which is no https or http address"
    case .network(let url, let reason): "\(url): cannot be fetched: \(reason)"
    case .unreadable(let url, let reason): "\(url): cannot be read: \(reason)"
    case .truncated(let url, let got, let expected):
      "\(url): ended after \(got) of \(expected) bytes; what came is kept, and the same command continues there"
    case .size(let url, let got, let expected):
      "\(url): has \(got) bytes, model.json states \(expected); the file was changed or is another one"
    case .tooLarge(let url, let announced, let expected):
      "\(url): has \(announced.map { "\($0)" } ?? "more") bytes, model.json states \(expected); the file was changed or is "
        + "another one"
    case .digest(let url, let expected, let got, let look):
      "\(url): what came has SHA-256 \(got), model.json states \(expected)"
        + (look.map { ": \($0)" } ?? "; the file was changed or is another one")
    case .unwritable(let file, let reason): "\(file): cannot be written: \(reason)"
    }
  }

  private static func words(_ code: Int) -> String {
    switch code {
    case 401, 403: " (not allowed); the file must be public"
    case 404, 410: " (not found); check checkpoint.url"
    default: ""
    }
  }
}
