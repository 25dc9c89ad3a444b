"""What ops decide: settings, rules, rates, prices, money, bounds."""
