/// A file of the site.
package enum SitePage: Hashable, Sendable {
  case index, rule, submit, style, script
  /// Places among the tasks and the models of `Site`.
  case task(Int)
  case model(Int)
}
