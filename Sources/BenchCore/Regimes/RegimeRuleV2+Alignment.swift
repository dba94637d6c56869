extension RegimeRuleV2 {
  /// Step 4: whether the gradients fit their own images, by the task's density and by a second reference where there is one.
  struct Alignment {
    /// In each resample; nil where nothing can be told.
    let holds: [Bool?]
    let evidence: RegimeEvidenceV2.Alignment

    /// - Parameter accuracy: of the density's classifier, and chance.
    init(
      _ means: ResampledMeans, _ inputs: RegimeInputs, _ criteria: RegimeCriteria,
      accuracy: (density: Quantity, chance: Double)
    ) {
      let cosine = Quantity(means.column(ImageAlignment.whole))
      let own = Share(means, criteria) { $0 }
      let besideStandard = BesideStandard(means, inputs, specific: own.specific)
      let byDensity = own.holds.enumerated().map { resample, share -> Bool? in
        let holds = share ?? besideStandard?.holds[resample]
        guard let gate = criteria.cosine else { return holds }
        let value = cosine.resampled[resample]
        return value.isNaN ? nil : value >= gate ? holds : false
      }
      var holds = byDensity
      var second: RegimeEvidenceV2.SecondAlignment?
      if let id = inputs.secondReference {
        let other = Share(means, criteria, column: SampleColumn.second)
        let quality = Quantity(means.column(SampleColumn.second(SampleColumn.correct)))
        // What an exact density says, nothing else can say better.
        func decides(_ density: Double, _ second: Double) -> RegimeEvidenceV2.SecondAlignment.Decides {
          inputs.densityIsExact
            ? .density : Self.decides(density: density - accuracy.chance, second: second - accuracy.chance)
        }
        for resample in 0..<means.resamples {
          switch decides(accuracy.density.resampled[resample], quality.resampled[resample]) {
          case .density: break
          case .second: holds[resample] = other.holds[resample]
          case .both:
            if byDensity[resample] != other.holds[resample] { holds[resample] = nil }
          }
        }
        second = .init(
          id: id, accuracy: quality.estimate,
          decides: decides(accuracy.density.value, quality.value),
          beyondImage: other.beyondImage.estimate, specific: other.specific.estimate, share: other.estimate,
          holdsIn: rate(other.holds), failsIn: rate(other.holds, of: false),
          disagreesIn: rate(zip(byDensity, other.holds).map { $0 != $1 }))
      }
      self.holds = holds
      evidence = .init(
        target: inputs.decisive.target, metric: inputs.decisive.metric, noise: inputs.decisive.noise,
        cosine: cosine.estimate, cosineThreshold: criteria.cosine, beyondImage: own.beyondImage.estimate,
        specific: own.specific.estimate, share: own.estimate, shareThreshold: criteria.specificShare,
        templateThreshold: criteria.templateShare, besideStandard: besideStandard?.evidence, second: second,
        holdsIn: rate(holds),
        failsIn: rate(holds, of: false))
    }

    /// Whose answer counts, by accuracies above chance.
    private static func decides(density: Double, second: Double) -> RegimeEvidenceV2.SecondAlignment.Decides {
      second < comparableQuality * density ? .density : density < comparableQuality * second ? .second : .both
    }
  }

  /// The share of the alignment with one reference that belongs to the image.
  private struct Share {
    let beyondImage: Quantity
    let specific: Quantity
    /// In each resample: whether it reaches the task's threshold; nil where it tells neither, or no gradient is defined.
    let holds: [Bool?]

    /// - Parameter column: what a column about this reference is called.
    init(_ means: ResampledMeans, _ criteria: RegimeCriteria, column: (String) -> String) {
      specific = Quantity(means.column(column(ImageAlignment.specific)))
      beyondImage = Quantity(means.column(column(ImageAlignment.cosine)))
      holds = zip(specific.resampled, beyondImage.resampled).map { specific, whole in
        guard !specific.isNaN, !whole.isNaN else { return nil }
        // Written without a quotient: where the alignment is not positive, no share of it is.
        guard whole > 0, specific >= criteria.templateShare * whole else { return false }
        return specific >= criteria.specificShare * whole ? true : nil
      }
    }

    /// Undefined where the alignment may be nothing: then a share of it means nothing.
    var estimate: Estimate {
      guard beyondImage.value > 0, beyondImage.resampled.allSatisfy({ $0 > 0 }) else {
        return Estimate(value: nil, low: nil, high: nil)
      }
      return Quantity(
        value: specific.value / beyondImage.value,
        resampled: zip(specific.resampled, beyondImage.resampled).map { $0 / $1 }, undefined: specific.undefined
      ).estimate
    }
  }
}
