import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Site

extension LeaderboardCommand {
  struct MakeSite: ReportingCommand {
    static let configuration = CommandConfiguration(
      commandName: "site", abstract: "Writes the leaderboard as web pages that need no server.",
      discussion: """
        From the results, not from leaderboard.json: the same results give the same bytes. DIR is a new or an empty folder, or one \
        that holds such a site, which is then brought up to date; nothing else in it is replaced or removed. Open index.html in it, \
        or put the folder on any web server. How to: docs/site.md
        """)

    @Argument(help: ArgumentHelp("The folder to write into.", valueName: "dir"), completion: .directory)
    var output: String

    @OptionGroup var folder: Folder

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    /// What is printed.
    private struct Made: Encodable {
      let index: String
      let models: Int
      let files: Int
    }

    func run() throws {
      let place = try SiteFolder(URL(fileURLWithPath: output).resolvingSymlinksInPath().path)
      let leaderboard = folder.leaderboard
      let shown = try folder.shown()
      let all = shown.models + shown.unranked
      let submitted = leaderboard.submitted(among: all.map(\.result.model.id))
      let withData = PagsBench.plugins.tasks.filter { $0.dataRequirement != nil }.map(\.id)
      let site = try Site(
        shown.models, unranked: shown.unranked,
        surroundings: .init(folder: leaderboard.directory, submitted: submitted, tasksWithData: Set(withData)))
      let pages = site.pages
      try place.write(pages.map(site.path)) { site.content(of: pages[$0]) }
      let made = Made(index: "\(place.path)/index.html", models: all.count, files: pages.count)
      try reporting.result(
        made, text: "\(made.index): \(made.models) \(made.models == 1 ? "model" : "models"), \(made.files) files")
    }
  }
}
