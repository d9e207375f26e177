(function(settings){})(SETTINGS);
