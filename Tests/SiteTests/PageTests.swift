import BenchCore
import Foundation
import Testing

@testable import Site

@Suite struct PageTests {
  /// Whatever order the results are read in.
  @Test func theSameResultsAreTheSameBytes() throws {
    let models = try Results.all()
    let (first, second) = (try Results.site(models), try Results.site(models.reversed()))
    #expect(first.pages == second.pages)
    for page in first.pages { #expect(first.content(of: page) == second.content(of: page), "\(first.path(of: page))") }
  }

  @Test func aModelsPageHasWhatItsResultHas() throws {
    let site = try Results.site(try Results.all())
    let result = try Results.glyphs()
    let index = try #require(site.models.firstIndex { $0.entry.id == result.model.id })
    let text = site.text(.model(index))
    for sentence in result.regime.evidence.sentences {
      #expect(
        text.contains(sentence.replacing("'", with: "&#39;").replacing(">", with: "&gt;").replacing("<", with: "&lt;")))
    }
    for words in [
      result.model.name, result.model.checkpoint?.sha256 ?? "", result.task.dataset.digest, "Bayes-aligned",
      "pags-bench submit models/glyphs-cnn-pgd-l2-1 "
        + "<span class=\"option\">--recheck</span></code>", "@misc{glyphs-cnn-pgd-l2-1,",
      "Sensitivity over step sizes",
      "--sheet leaderboard/results/glyphs/glyphs-cnn-pgd-l2-1.sheet.svg",
    ] { #expect(text.contains(words), "\(words)") }
  }

  /// A model without a value, of the first rule, or attacked: nothing is assumed to be there.
  @Test func whatIsNotKnownIsADash() throws {
    var result = try Results.glyphs()
    result.model.checkpoint = nil
    result.model.source = nil
    result.measurements.sensitivity = []
    result.measurements.distractor = nil
    result.measurements.relativeRobustness = nil
    result.regime.evidence.v2?.robustness.ratio = Estimate(value: nil, low: nil, high: nil)
    result.regime.evidence.v2?.signal.onManifoldRetention = Estimate(value: nil, low: 0.6, high: 1.05)
    let site = try Results.site([EvaluatedModel(result)])
    let table = site.text(.task(0))
    #expect(table.contains("[0.60, 1.05]") && table.contains("1 have no R or no G"))
    #expect(!site.text(.model(0)).contains("Sensitivity over step sizes"))
  }

  /// Columns of what not every model was asked for: a dash where it was not.
  @Test func whereGradientsPointToHasColumns() throws {
    func estimate(_ value: Double) -> Estimate { Estimate(value: value, low: value - 0.01, high: value + 0.01) }
    var result = try Results.glyphs()
    result.direction = DirectionResult(
      chance: 0.03, alphaDx: [.init(estimator: "nearest", value: estimate(0.512))], alphaX: estimate(0.123),
      unit: "[-1, 1]", alphaXOfPixels: estimate(0.2), medianLinearisedDistance: estimate(0.7))
    result.roar = RoarResult(
      architecture: "cnn-small", objective: "cross-entropy", epochs: 3, trainImages: 800, testImages: 200, runs: 2,
      seed: 0, unmasked: estimate(0.8),
      points: [.init(share: 0.1, top: estimate(0.6), bottom: estimate(0.9), difference: estimate(-0.321))])
    let table = try Results.site([
      EvaluatedModel(result), EvaluatedModel(try Results.glyphs("glyphs-cnn-cross-entropy")),
    ]).text(.task(0))
    for words in [
      "alpha dx, nearest", "alpha x", "DiffROAR 0.1", "0.512", "[0.502, 0.522]", "0.123", "-0.321",
      "cosine of the gradient with the way to the closest other class", "data-key=\"direction-0\"",
    ] { #expect(table.contains(words), "\(words)") }
    #expect(try !Results.site([EvaluatedModel(try Results.glyphs())]).text(.task(0)).contains("DiffROAR"))
  }

  /// Of other data, and of a task without a rule: on pages of their own, under the reason.
  @Test func whatStandsBesideTheLeaderboardIsNamedAsSuch() throws {
    var other = try Results.glyphs()
    other.task.dataset.remark = "half of the <b>images</b>"
    let without = try #require(try Results.unranked().first { $0.regime.evidence.notApplied != nil })
    let site = try Results.site([EvaluatedModel(try Results.glyphs())], unranked: [other, without])
    let paths = site.pages.map(site.path)
    for path in [
      "tasks/glyphs-2.html", "tasks/glyphs-2-beside-1.html", "models/glyphs/\(other.model.id).html",
      "unranked/glyphs/\(other.model.id).html", "tasks/\(without.task.id)-\(without.task.version)-beside-1.html",
      "unranked/\(without.task.id)/\(without.model.id).html",
    ] { #expect(paths.contains(path), "\(path)") }
    func text(_ path: String) throws -> String { site.text(site.pages[try #require(paths.firstIndex(of: path))]) }
    // The label stands, with what stands against comparing it; the ranked table has its own model alone.
    let judged = try text("tasks/glyphs-2-beside-1.html")
    #expect(judged.contains("half of the &lt;b&gt;images&lt;/b&gt;") && judged.contains("Bayes-aligned"))
    #expect(try !text("tasks/glyphs-2.html").contains("Beside the leaderboard"))
    // No label, no plane, no numbers of a rule.
    let unjudged = try text("tasks/\(without.task.id)-\(without.task.version)-beside-1.html")
    #expect(unjudged.contains("no regime") && !unjudged.contains("The plane of the regimes"))
    #expect(try text("unranked/\(without.task.id)/\(without.model.id).html").contains("is not applied"))
    #expect(try text("index.html").contains("is not applied"))
  }

  /// A label that something stands against is never counted, shown or filtered as one that stands.
  @Test func labelsWithAReservationAreCountedApart() throws {
    var models = try Results.synthetic(5).map(\.result)
    let plain = try Results.glyphs()
    for index in models.indices { models[index].regime = plain.regime }
    for index in 0..<2 { models[index].regime.reservations = [.assumedNormalisation] }
    models[2].regime.label = .indeterminate
    models[2].regime.reservations = [.unusedTensors]
    let site = try Results.site(models.map { EvaluatedModel($0) })
    let index = site.text(.index)
    #expect(index.contains("<b>2</b> Bayes-aligned <small>and <b>2</b> with a reservation</small>"))
    // A label that is not given has nothing to qualify.
    #expect(index.contains("<b>1</b> undecided</li>") && index.contains("class=\"aligned qualified\""))
    let table = site.text(.task(0))
    #expect(table.components(separatedBy: " (assumed-normalisation)</small>").count == 3)
    #expect(table.contains("label withheld (unused-tensors)</small>"))
    #expect(
      table.contains("3 Bayes-aligned") == false && table.contains("4 Bayes-aligned (2 of them with a reservation)"))
    #expect(table.contains("<select id=\"reservations\">") && table.contains("\"reservations\",\"id\"]"))
    #expect(table.contains("\"assumed-normalisation\",\"synthetic-0\"]"))
    // Nothing to choose where there is none.
    let other = try Results.site([EvaluatedModel(plain)])
    #expect(
      !other.text(.task(0)).contains("id=\"reservations\"") && !other.text(.index).contains("reservation</small>"))
  }

  @Test func anEmptyLeaderboardHasPagesToo() throws {
    let site = try Results.site([])
    #expect(site.text(.index).contains("no results yet") && site.text(.rule).contains("</svg>"))
  }

  /// Rows beyond the first wait where a script finds them, one on each line.
  @Test func furtherRowsAreLinesOfTheirOwn() throws {
    let text = try Results.site(try Results.synthetic(Site.firstRows + 30)).text(.task(0))
    let start = try #require(text.range(of: "<!--rows-->\n")), end = try #require(text.range(of: "\n<!--end-->"))
    let rows = text[start.upperBound..<end.lowerBound].split(separator: "\n")
    #expect(rows.count == 30 && rows.allSatisfy { $0.hasPrefix("<tr id=\"m-synthetic-") && $0.hasSuffix("</tr>") })
  }

  /// So many signs are drawn as one path for each regime.
  @Test func thePlaneOfManyModelsHasSignsToo() throws {
    let spots = (0...RegimePlane.mostLinks).map { index in
      let value = 0.2 + 0.0001 * Double(index)
      return RegimePlane.Spot(
        name: "\(index)", regime: RegimeSign(.weak), ratio: Estimate(value: value, low: value, high: value),
        alignment: Estimate(value: 0.5, low: 0.4, high: 0.6), address: "")
    }
    let svg = RegimePlane(spots: spots, thresholds: (nil, nil)).svg
    let data = try #require(svg.firstMatch(of: /<path class="spot many weak" d="([MmLlHhVvAaz0-9. -]*)"\/>/)).output.1
    #expect(data.count { $0 == "M" } == spots.count && !svg.contains("<a "))
  }

  @Test func aSheetBesideTheResultIsOnThePage() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let result = try Results.glyphs()
    let name = "results/glyphs/\(result.model.id).sheet.svg"
    func page() throws -> String { try Results.site([EvaluatedModel(result)], folder: folder.url).text(.model(0)) }
    try folder.write("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>of somebody</title></svg>", name)
    #expect(try !page().contains("data:image/svg+xml"))
    try folder.write("<svg xmlns=\"http://www.w3.org/2000/svg\"><title>pags-bench show: x</title></svg>", name)
    #expect(try page().contains("<img src=\"data:image/svg+xml;base64,"))
    // A link may lead anywhere.
    try FileManager.default.moveItem(atPath: folder.path(name), toPath: folder.path("elsewhere.svg"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(name), withDestinationPath: folder.path("elsewhere.svg"))
    #expect(try !page().contains("data:image/svg+xml"))
  }

  /// Every model of the project's own leaderboard shows its sheet, and none is left of a model that has gone.
  @Test func theLeaderboardHasItsSheets() throws {
    let folder = Results.package.appendingPathComponent("leaderboard")
    let paths = try Results.all().map(\.path) + Results.unranked().map { Leaderboard.path(of: $0) }
    let names = SheetPicture.names(beside: paths, in: folder)
    for path in paths { #expect(SheetPicture(beside: path, in: folder, among: names) != nil, "\(path)") }
    #expect(names.count == paths.count)
  }

  @Test func externalEvaluationsAreNamed() throws {
    let result = try Results.glyphs()
    var external = result
    external.externalEvaluation = ExternalEvaluationRecord(
      evaluator: "Another lab", url: "https://example.org/lab", note: "slower")
    external.measurements.accuracy = Estimate(value: 0.5, low: 0.49, high: 0.51)
    let model = EvaluatedModel(result, external: [("results/glyphs/\(result.model.id).external/1.json", external)])
    let text = try Results.site([model]).text(.model(0))
    #expect(
      text.contains(
        "<a href=\"https://example.org/lab\" rel=\"noopener noreferrer external\"><bdi>Another lab</bdi></a>"))
    #expect(text.contains("0.500 [0.490, 0.510] <b>(shown)</b>"))
  }
}
