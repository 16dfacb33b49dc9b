"""Do the data suffice: for how weak a nonlinearity, at which noise, without drifts?"""
