import BenchCore
import Foundation

/// The leaderboard as pages that need no server: a pure function of the results, and of the sheets beside them.
package struct Site: Sendable {
  let sections: [TaskSection]
  let models: [ListedModel]
  let templates: Template.Library
  /// What stands around the pages of models, the same for all.
  private let modelFrame: PageFrame

  /// A task with its models, in the order of the leaderboard.
  struct TaskSection: Sendable {
    let id: String
    let version: Int
    /// Why these results stand beside the leaderboard; nil where they are on it.
    let beside: UnrankedReason?
    /// Places in `models`.
    let range: Range<Int>
    let address: String
  }

  /// What is known of a leaderboard beside its results.
  package struct Surroundings: Sendable {
    /// The leaderboard's folder, in which sheets may lie beside results.
    package var folder: URL
    /// Models whose submission lies in the project's folder `models/`, so that `submit --recheck` finds it.
    package var submitted: Set<String>
    /// Tasks that are measured on data of the user's.
    package var tasksWithData: Set<String>

    package init(folder: URL, submitted: Set<String>, tasksWithData: Set<String>) {
      (self.folder, self.submitted, self.tasksWithData) = (folder, submitted, tasksWithData)
    }
  }

  let surroundings: Surroundings
  /// What may be sheets beside the results.
  let sheets: Set<String>

  /// - Parameter unranked: results that stand beside the leaderboard.
  /// - Throws: `SiteError.template`.
  package init(
    _ models: [EvaluatedModel], unranked: [EvaluatedModel] = [], surroundings: Surroundings
  ) throws(SiteError) {
    self.surroundings = surroundings
    templates = try Template.Library()
    let byPath = Dictionary((models + unranked).map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    let document = LeaderboardDocument(models, unranked: unranked)
    var sections: [TaskSection] = []
    var listed: [ListedModel] = []
    for (index, section) in (document.tasks + (document.unranked ?? [])).enumerated() {
      let start = listed.count
      listed += section.entries.compactMap { entry in
        byPath[entry.result].map { ListedModel(entry: entry, model: $0, beside: section.beside, section: index) }
      }
      // The reasons of one task and version are told apart by their place.
      let place = sections.count { $0.id == section.id && $0.version == section.version && $0.beside != nil } + 1
      let name = "\(section.id)-\(section.version)"
      sections.append(
        TaskSection(
          id: section.id, version: section.version, beside: section.beside, range: start..<listed.count,
          address: section.beside == nil ? "tasks/\(name).html" : "tasks/\(name)-beside-\(place).html"))
    }
    (self.sections, self.models) = (sections, listed)
    sheets = SheetPicture.names(beside: listed.map(\.entry.result), in: surroundings.folder)
    modelFrame = PageFrame(templates.layout, sections, root: "../../", current: "")
  }

  /// In the order in which they are made: what takes longest first, so that no processor has nothing to do in the end; what leads to all
  /// others last.
  package var pages: [SitePage] {
    sections.indices.map(SitePage.task) + [.style, .script, .rule, .submit] + models.indices.map(SitePage.model) + [
      .index
    ]
  }

  /// Relative to the site's folder.
  package func path(of page: SitePage) -> String {
    switch page {
    case .index: "index.html"
    case .rule: "rule.html"
    case .submit: "submit.html"
    case .style: "assets/site.css"
    case .script: "assets/table.js"
    case .task(let index): sections[index].address
    case .model(let index): models[index].address
    }
  }

  /// The bytes of a page: the same for the same results.
  package func content(of page: SitePage) -> Data {
    switch page {
    case .style: Data(PackageResources.site_css)
    case .script: Data(PackageResources.table_js)
    case .index: document(templates.index, indexView, title: "Leaderboard", root: "", current: "index")
    case .rule: document(templates.rule, ruleView, title: "The rule", root: "", current: "rule")
    case .submit: document(templates.submit, submitView, title: "Submit a model", root: "", current: "submit")
    case .task(let index):
      document(
        templates.task, taskView(sections[index]), title: "Task \(sections[index].id)", root: "../",
        current: "task-\(index)",
        hasScript: true)
    case .model(let index):
      document(
        templates.model, modelView(models[index]), title: OutsideText.name(models[index].entry.shownName),
        root: "../../", in: modelFrame)
    }
  }

  private func document(
    _ template: Template, _ view: View, title: String, root: String, current: String, hasScript: Bool = false
  ) -> Data {
    document(
      template, view, title: title, root: root,
      in: PageFrame(templates.layout, sections, root: root, current: current, hasScript: hasScript))
  }

  private func document(_ template: Template, _ view: View, title: String, root: String, in frame: PageFrame) -> Data {
    frame.document(title: title, body: template.render(view.adding("root", root)))
  }

  /// The version stands where there are several.
  static func title(of section: TaskSection, among sections: [TaskSection]) -> String {
    let versions = Set(sections.filter { $0.id == section.id }.map(\.version))
    let name = versions.count > 1 ? "\(section.id), version \(section.version)" : section.id
    return section.beside == nil ? name : "\(name), beside"
  }
}

/// A model in a task's list.
final class ListedModel: Sendable {
  let entry: LeaderboardDocument.Entry
  let model: EvaluatedModel
  /// Why it stands beside the leaderboard.
  let beside: UnrankedReason?
  /// Place of its section among all.
  let section: Int
  /// The evaluation that the regime is from.
  let decisive: EvaluationResult

  init(entry: LeaderboardDocument.Entry, model: EvaluatedModel, beside: UnrankedReason?, section: Int) {
    (self.entry, self.model, self.beside, self.section) = (entry, model, beside, section)
    decisive = model.external.first { $0.path == entry.regimeFrom }?.result ?? model.result
  }

  /// Among those of its page: an own model may have the name of a committed one.
  var key: String { entry.isOwn ? "\(Leaderboard.ownFolder).\(entry.id)" : entry.id }

  /// Identifiers are checked to be safe names of files.
  var address: String {
    "\(entry.isOwn ? "\(Leaderboard.ownFolder)-" : "")\(beside == nil ? "models" : "unranked")/\(model.result.task.id)/\(entry.id).html"
  }
  var regime: RegimeSign { beside?.isJudged == false ? .none : RegimeSign(entry.regime) }
}
