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
      let gain = Gain(means, inputs, specific: own.specific)
      let byDensity = own.holds.enumerated().map { resample, share -> Bool? in
        let holds = share ?? gain?.holds[resample]
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
        templateThreshold: criteria.templateShare, gain: gain?.evidence, second: second, holdsIn: rate(holds),
        failsIn: rate(holds, of: false))
    }

    /// Whose answer counts, by accuracies above chance.
    private static func decides(density: Double, second: Double) -> RegimeEvidenceV2.SecondAlignment.Decides {
      second < comparableQuality * density ? .density : density < comparableQuality * second ? .second : .both
    }
  }

  /// What belongs to the image beside the same of the model's standard, where the share tells neither.
  private struct Gain {
    /// In each resample; nil where it tells neither.
    let holds: [Bool?]
    let evidence: RegimeEvidenceV2.Gain

    /// - Returns: nil where no standard was given, or only results and samples from before the gain was measured.
    init?(_ means: ResampledMeans, _ inputs: RegimeInputs, specific: Quantity) {
      guard let given = inputs.standard, !inputs.densityIsExact else { return nil }
      let standard: Estimate
      let (lowest, highest): (Quantity, Quantity)
      if let stated = given.stated {
        guard let known = stated.specific, let low = known.low, let high = known.high else { return nil }
        func constant(_ value: Double) -> Quantity {
          Quantity(value: value, resampled: Array(repeating: value, count: means.resamples))
        }
        (standard, lowest, highest) = (known, constant(low), constant(high))
      } else {
        guard let column = means[standardColumn(ImageAlignment.specific)] else { return nil }
        let measured = Quantity(column)
        (standard, lowest, highest) = (measured.estimate, measured, measured)
      }
      holds = (0..<means.resamples).map { resample in
        let (own, low, high) = (specific.resampled[resample], lowest.resampled[resample], highest.resampled[resample])
        guard !own.isNaN, !low.isNaN, !high.isNaN else { return nil }
        // Written without a quotient: beside a standard that has nothing, anything is more.
        if own >= alignedGain * max(0, high) { return true }
        return own < standardGain * low ? false : nil
      }
      evidence = .init(
        standardSpecific: standard, ratio: Self.ratio(specific, lowest, highest), alignedThreshold: alignedGain,
        standardThreshold: standardGain)
    }

    /// Undefined where the standard may have nothing.
    private static func ratio(_ own: Quantity, _ lowest: Quantity, _ highest: Quantity) -> Estimate {
      guard lowest.value > 0, lowest.resampled.allSatisfy({ $0 > 0 }) else {
        return Estimate(value: nil, low: nil, high: nil)
      }
      let (above, below) = (own.relative(to: lowest), own.relative(to: highest))
      return above.value == below.value
        ? above.estimate : Estimate(value: nil, low: below.estimate.low, high: above.estimate.high)
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
