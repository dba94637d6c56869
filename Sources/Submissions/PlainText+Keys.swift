import BenchCore
import Text

/// Keys of a stranger's document in messages.
extension PlainText {
  /// One step of a path: `.key`, or `["key"]` for keys that are no words.
  static func step(_ key: String) -> String {
    key.wholeMatch(of: /[A-Za-z0-9_-]{1,64}/) == nil ? "[\"\(shown(key))\"]" : ".\(key)"
  }
}
