import Figures
import Mustache

/// A page's template, a file of `Resources`, compiled into the program. What a page has hundreds of is `Markup`.
///
/// The content type of all of them is this module's own: the package escapes character by character, and a quotation mark that is
/// followed by a combining accent is another character, which it would let through as it is.
struct Template {
  private let template: MustacheTemplate

  init(_ name: String, _ bytes: [UInt8]) throws(SiteError) {
    MustacheContentTypes.register(ScalarEscaping(), named: ScalarEscaping.name)
    let text = String(decoding: bytes, as: UTF8.self)
    do {
      template = try MustacheTemplate(string: "{{% CONTENT_TYPE:\(ScalarEscaping.name)}}" + text)
    } catch {
      throw .template(name, reason: "\(error)")
    }
  }

  func render(_ view: View) -> String { template.render(view) }

  /// All of them, read once.
  struct Library {
    let layout, index, task, row, model, rule, submit: Template

    init() throws(SiteError) {
      layout = try Template("layout", PackageResources.layout_mustache)
      index = try Template("index", PackageResources.index_mustache)
      task = try Template("task", PackageResources.task_mustache)
      row = try Template("row", PackageResources.row_mustache)
      model = try Template("model", PackageResources.model_mustache)
      rule = try Template("rule", PackageResources.rule_mustache)
      submit = try Template("submit", PackageResources.submit_mustache)
    }
  }
}

/// Markup characters as entities wherever they stand, scalar by scalar, in contents and in attributes.
private struct ScalarEscaping: MustacheContentType {
  static let name = "SITE"

  func escapeText(_ text: String) -> String { XMLText.escaped(text) }
}
