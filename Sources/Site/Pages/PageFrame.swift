import Figures
import Foundation

/// What stands around the content of a page: its head, the navigation and the foot.
struct PageFrame: Sendable {
  /// The layout's text before the title, between title and content, and after the content.
  private let parts: [String]

  /// - Parameters:
  ///   - root: from the page's folder to the site's.
  ///   - current: the page, of those that the navigation leads to.
  init(_ layout: Template, _ sections: [Site.TaskSection], root: String, current: String, hasScript: Bool = false) {
    let tasks = sections.enumerated().map { index, section in
      [
        "label": Site.title(of: section, among: sections), "address": root + section.address,
        "isCurrent": current == "task-\(index)",
      ] as View
    }
    // A character for private use, in the place of both: no task's identifier can hold it.
    let mark = "\u{E000}"
    let view: View = [
      "title": mark, "root": root, "hasScript": hasScript, "tasks": tasks, "isIndex": current == "index",
      "isRule": current == "rule", "isSubmit": current == "submit", "body": mark,
    ]
    parts = layout.render(view).split(separator: "\u{E000}", omittingEmptySubsequences: false).map(String.init)
  }

  /// - Parameters:
  ///   - title: plain text.
  ///   - body: markup.
  func document(title: String, body: String) -> Data {
    Data(zip(parts, [XMLText.escaped(title), body, ""]).map { $0 + $1 }.joined().utf8)
  }
}
